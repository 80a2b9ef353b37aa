// The states that a healthy system does not show: a store that is down, nothing there yet, a closed market. Each is looked at in a
// real browser, on a stand-in for the server.

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "puppeteer-core";
import { buildDashboard, type Dashboard } from "../../edge/dashboard/routes.ts";
import { VIEWS } from "../../edge/dashboard/app/store.ts";
import { StandIn, type StandInOptions } from "../../edge/dashboard/stand-in.fixture.ts";
import { findChromium, launchChromium, NO_CHROMIUM, openPage } from "../../scripts/browser.ts";

const DESK = { width: 1_440, height: 900, scheme: "dark" } as const;
const PHONE = { width: 390, height: 844, scheme: "light" } as const;
const UPDATES_PER_SECOND = 40;

/** A browser on a busy machine takes its time. */
setDefaultTimeout(30_000);

const chromium = findChromium();
if (chromium === undefined) console.warn(`the dashboard's states are not tested: ${NO_CHROMIUM}`);

let browser: Browser | undefined;
let dashboard: Dashboard | undefined;

afterAll(async () => {
  await browser?.close();
});

/** Opens the dashboard on a stand-in, waits until its symbols are there, and closes both at the end. */
async function look(
  options: Partial<StandInOptions>,
  at: { width: number; height: number; scheme: "light" | "dark" },
  see: (page: Page, server: StandIn) => Promise<void>,
  shown = ".market-row",
): Promise<void> {
  browser ??= await launchChromium(chromium!);
  if (dashboard === undefined) {
    const built = await buildDashboard();
    if (!built.ok) throw new Error(built.message);
    dashboard = built.value;
  }
  const server = new StandIn({ dashboard, updatesPerSecond: UPDATES_PER_SECOND, ...options });
  const page = await openPage(browser, at);
  try {
    await page.goto(server.url);
    await page.waitForSelector(shown);
    await see(page, server);
  } finally {
    await page.close();
    await server.stop();
  }
}

function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent ?? "");
}

function waitForText(page: Page, selector: string, text: string): Promise<unknown> {
  return page.waitForFunction(
    (where, what) => document.querySelector(where)?.textContent?.includes(what) === true,
    {},
    selector,
    text,
  );
}

/** Elements that reach beyond the right edge without a scroller of their own, by class. */
function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("#page *")]
      .filter((element) => {
        const { width, right } = element.getBoundingClientRect();
        return (
          width > 0 &&
          right > innerWidth + 1 &&
          element.closest(".strip, .scroll, svg, .chart-canvas") === null
        );
      })
      .map((element) => element.className),
  );
}

describe.skipIf(chromium === undefined)("the dashboard", () => {
  test("without a store says so, and draws live bars all the same", async () => {
    await look({ isStoreDown: true }, DESK, async (page) => {
      await waitForText(page, ".chart-notice", "does not answer");
      await waitForText(page, ".strip", "down");
      await waitForText(page, ".signals .trouble", "does not answer");
      await page.waitForSelector(
        '.chart-canvas[aria-label*=" 1 bars"], .chart-canvas[aria-label*=" 2 bars"]',
      );
    });
  });

  test("with nothing yet and the market closed explains each empty place", async () => {
    await look({ isEmpty: true, isClosed: true }, DESK, async (page) => {
      await waitForText(page, ".signals .empty", "No signal yet");
      await waitForText(page, ".chart-empty", "No 1m bars of EURUSD yet");
      await waitForText(page, ".desk .empty", "No open position");
      expect(await textOf(page, ".market-row .market-note")).toBe("market closed");
      await page.click("#tab-orders");
      await waitForText(page, ".desk .empty", "No order yet");
    });
  });

  test("on a phone shows one part at a time and nothing beyond the edge", async () => {
    await look({}, PHONE, async (page) => {
      await page.waitForSelector(".signal", { visible: false });
      for (const [index, part] of VIEWS.entries()) {
        await page.click(`.phone-tabs button:nth-child(${index + 1})`);
        await page.waitForSelector(`.page[data-view="${part}"]`);
        if (part === "models") await page.waitForSelector(".scores tbody tr", { visible: true });
        expect(await overflowing(page)).toEqual([]);
      }
    });
  });

  test("shows who answers how well, and draws the calibration of whoever is chosen", async () => {
    await look({}, DESK, async (page) => {
      await page.click("#tab-models");
      await page.waitForSelector(".scores tbody tr");
      const names = await page.$$eval(".scores tbody .button-text", (all) =>
        all.map((one) => one.textContent),
      );
      expect(names).toEqual([
        "lightgbm 20190430-63bd4767",
        "range-15m 20190430-1b2beaaa",
        "technical",
        "quantum",
        "chaos",
        "analogs",
        "lstm 20190430-b6be583e",
        "transformer 20190430-b6f93aa8",
      ]);
      await waitForText(page, ".scores", "not enough rows yet: 12 of 30");
      await waitForText(page, ".calibration figcaption", "lightgbm 20190430-63bd4767");
      expect(await page.$$eval(".calibration .bin", (bins) => bins.length)).toBe(15);
      // Below the one that is looked at lies what can be done to it.
      expect(await textOf(page, ".scores tbody tr:nth-child(2)")).toContain("Roll back");
      await page.click(".scores tbody tr:nth-child(5) .button-text");
      await waitForText(page, ".calibration figcaption", "Calibration of quantum");
      await page.waitForSelector(".vote-lines polyline");
      expect(await page.$$eval(".vote-lines polyline", (lines) => lines.length)).toBe(4);
      await waitForText(page, ".drift", "spread_percentile");
      await page.keyboard.press("ArrowDown");
      await waitForText(page, ".models h3", "GBPUSD");
    });
  });

  test("without models, without scores and without stored votes says each", async () => {
    await look({ isWithoutModels: true, isStoreDown: true }, DESK, async (page) => {
      await page.click("#tab-models");
      await waitForText(page, ".model-note", "No models are registered");
      await waitForText(page, ".vote-lines", "no votes are stored");
    });
    await look({ isEmpty: true }, DESK, async (page) => {
      await page.click("#tab-models");
      await waitForText(page, ".models .empty", "Nobody is scored on EURUSD yet");
    });
  });

  test("scrolled to the left loads older bars", async () => {
    await look({}, DESK, async (page) => {
      const bars = (): Promise<number> =>
        page.$eval(".chart-canvas", (element) => Number(/, (\d+) bars/.exec(element.ariaLabel ?? "")?.[1]));
      await page.waitForFunction(() =>
        /, 5\d\d bars/.test(document.querySelector(".chart-canvas")?.ariaLabel ?? ""),
      );
      const before = await bars();
      const box = await (await page.$(".chart-canvas"))!.boundingBox();
      for (let drag = 0; drag < 16 && (await bars()) <= before + 10; drag++) {
        await page.mouse.move(box!.x + 60, box!.y + 150);
        await page.mouse.down();
        await page.mouse.move(box!.x + 600, box!.y + 150, { steps: 4 });
        await page.mouse.up();
      }
      await page.waitForFunction(
        (least) =>
          Number(/, (\d+) bars/.exec(document.querySelector(".chart-canvas")?.ariaLabel ?? "")?.[1]) > least,
        {},
        before + 400,
      );
    });
  });

  test("asks for the token of a server that wants one, and is let in with it", async () => {
    const token = "a-secret-of-some-length";
    await look(
      { token },
      DESK,
      async (page) => {
        await page.type(".token-field input", token);
        await page.click(".token-field button");
        await page.waitForSelector(".market-row");
        expect(page.url()).not.toContain(token);
      },
      "dialog.token[open]",
    );
  });

  test("is worked by keys alone and breaks no rule of its own policy", async () => {
    await look({}, DESK, async (page) => {
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.reload();
      await page.waitForSelector(".market-row");
      await page.keyboard.press("ArrowUp");
      expect(await textOf(page, ".chart-title h2")).toBe("XAUUSD");
      await page.keyboard.press("7");
      expect(await textOf(page, '.segments [aria-checked="true"]')).toBe("1d");
      const theme = await page.$eval("html", (html) => html.dataset["theme"]);
      await page.keyboard.press("t");
      await page.waitForFunction((old) => document.documentElement.dataset["theme"] !== old, {}, theme);
      await page.keyboard.press("?");
      await page.waitForSelector("dialog[open]");
      await page.keyboard.press("Escape");
      await page.waitForSelector("dialog", { hidden: true });
      expect(complaints).toEqual([]);
    });
  });
});
