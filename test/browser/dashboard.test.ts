// The dashboard on the real system, in a real browser: a simulated market starts, a signal appears and is explained, symbols and bar
// sizes change, a phone sees it too, and the page comes back by itself after the server was restarted.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { findChromium, launchChromium, NO_CHROMIUM, openPage, resizePage } from "../../scripts/browser.ts";
import { freePort, RunningSystem } from "../../scripts/running-system.ts";

const DESK = { width: 1_440, height: 900, scheme: "dark" } as const;
const PHONE = { width: 390, height: 844, scheme: "dark" } as const;

/** A browser and a whole system on a busy machine take their time. */
setDefaultTimeout(60_000);

const chromium = findChromium();
if (chromium === undefined) console.warn(`the dashboard is not tested in a browser: ${NO_CHROMIUM}`);

describe.skipIf(chromium === undefined)("the dashboard of a running system", () => {
  const data = mkdtempSync(join(tmpdir(), "tickforge-dashboard-"));
  const complaints: string[] = [];
  let port = 0;
  let system: RunningSystem;
  let browser: Browser;
  let page: Page;

  const textOf = (selector: string): Promise<string> =>
    page.$eval(selector, (element) => element.textContent ?? "");

  /** Symbol, number of bars and bar size, as the chart names what it shows. */
  const waitForChart = (symbol: string, interval: string): Promise<unknown> =>
    page.waitForFunction(
      (name, size) => {
        const label = document.querySelector(".chart-canvas")?.ariaLabel ?? "";
        const parts = /of (\S+), (\d+) bars of (\w+)/.exec(label);
        return parts?.[1] === name && parts[3] === size && Number(parts[2]) > 0;
      },
      {},
      symbol,
      interval,
    );

  beforeAll(async () => {
    port = await freePort();
    [system, browser] = await Promise.all([
      RunningSystem.start({ port, data }),
      launchChromium(chromium as string),
    ]);
    page = await openPage(browser, DESK);
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(system.url);
  });

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  test("says at first sight whose market this is", async () => {
    await page.waitForSelector(".badge");
    expect(await textOf(".badge")).toBe("SIMULATED");
  });

  test("shows prices that move", async () => {
    await page.waitForSelector(".market-row .flash");
    const prices = await textOf(".market-rows");
    await page.waitForFunction(
      (old) => document.querySelector(".market-rows")?.textContent !== old,
      {},
      prices,
    );
  });

  test("draws bars", async () => {
    await waitForChart(await textOf(".chart-title h2"), "1m");
  });

  test("shows a signal when it appears, with its reasons and the votes behind it", async () => {
    await page.waitForSelector(".signal");
    await page.click(".signal-head");
    await page.waitForSelector(".signal.is-open");
    expect(await page.$$eval(".signal.is-open .reasons li", (items) => items.length)).toBeGreaterThan(0);
    const votes = await page.$$eval(".signal.is-open .votes tbody tr:not(.votes-total)", (rows) =>
      rows.map((row) => row.querySelector("td")?.textContent ?? ""),
    );
    // On a busy machine one may have been late.
    expect(votes.length).toBeGreaterThan(0);
    expect(["technical", "quantum", "chaos"]).toEqual(expect.arrayContaining(votes));
    expect(await textOf(".chart-title h2")).toBe(await textOf(".signal.is-open .signal-head b"));
  });

  test("switches symbol and bar size by keyboard", async () => {
    const before = await textOf(".chart-title h2");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("3");
    await page.waitForFunction(
      (old) => document.querySelector(".chart-title h2")?.textContent !== old,
      {},
      before,
    );
    await waitForChart(await textOf(".chart-title h2"), "5m");
    expect(await textOf(".market-row[aria-selected=true] .market-name")).toBe(
      await textOf(".chart-title h2"),
    );
  });

  test("tells how the system does: actors, stages, status", async () => {
    await page.click("#tab-system");
    await page.waitForFunction(() => document.querySelectorAll(".actors tbody tr").length > 3);
    await page.waitForFunction(() => document.querySelectorAll(".stages dd i").length > 3);
  });

  test("shows rule members as they come to be scored, and their votes", async () => {
    await page.click("#tab-models");
    // Scores come once votes have been settled and a look at them is due: on a busy machine that takes a while.
    await page.waitForSelector(".scores tbody tr", { timeout: 50_000 });
    expect(await textOf(".scores")).toContain("technical");
    expect(await textOf(".model-note")).toContain("No models are registered");
    await page.waitForSelector(".vote-lines polyline");
  });

  test("fits a phone, one part at a time", async () => {
    await resizePage(page, PHONE);
    await page.click(".phone-tabs button:nth-child(3)");
    await page.waitForSelector('.page[data-view="signals"] .signal');
    await page.click(".phone-tabs button:nth-child(2)");
    await page.waitForSelector('.page[data-view="chart"] .chart-canvas canvas');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    await resizePage(page, DESK);
  });

  test("says that the connection is lost and comes back after a restart", async () => {
    await system.stop();
    await page.waitForSelector(".banner .button");
    expect(await textOf(".banner")).toContain("Connection lost");
    system = await RunningSystem.start({ port, data });
    await page.evaluate(() => document.querySelector<HTMLButtonElement>(".banner .button")?.click());
    await page.waitForSelector(".connection.is-open");
    await page.waitForSelector(".banner", { hidden: true });
    const ticks = await textOf(".market-rows");
    await page.waitForFunction(
      (old) => document.querySelector(".market-rows")?.textContent !== old,
      {},
      ticks,
    );
  });

  test("broke nowhere", () => {
    expect(complaints).toEqual([]);
  });
});
