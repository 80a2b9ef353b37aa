// Trading by hand on the page of a real station, wide and on a phone: an order is judged, sent once and seen as a position; a refusal
// says why; a waiting order is changed and cancelled; a position is closed.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "puppeteer-core";
import { buildDashboard } from "../../edge/dashboard/routes.ts";
import { findChromium, launchChromium, type Look, NO_CHROMIUM, openPage } from "../../scripts/browser.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { recordsOf } from "../fixtures/engine-rig.ts";

/** A browser on a busy machine takes its time. */
setDefaultTimeout(60_000);

const LOOKS: readonly Look[] = [
  { width: 1_330, height: 880, scheme: "dark" },
  { width: 390, height: 844, scheme: "light" },
];
const QUOTE = { symbol: "EURUSD", bid: 1.0855, ask: 1.0856 };

const chromium = findChromium();
if (chromium === undefined) console.warn(`trading on the page is not tested: ${NO_CHROMIUM}`);

describe.skipIf(chromium === undefined)("trading by hand on the page", () => {
  let rig: EdgeRig;
  let browser: Browser;
  let feeder: ReturnType<typeof setInterval>;

  beforeAll(async () => {
    const dashboard = await buildDashboard();
    if (!dashboard.ok) throw new Error(dashboard.message);
    [rig, browser] = await Promise.all([
      startEdge({ server: { page: (request) => dashboard.value.respond(request) } }),
      launchChromium(chromium as string),
    ]);
    await rig.post("/api/market", QUOTE);
    // Paper fills on the next quotes: a bridge goes on sending.
    feeder = setInterval(() => void rig.post("/api/market", QUOTE).catch(() => undefined), 100);
  });

  afterAll(async () => {
    clearInterval(feeder);
    await browser?.close();
    await rig?.stop();
  });

  for (const look of LOOKS) {
    test(`at ${look.width} pixels`, async () => {
      const complaints: string[] = [];
      const page = await openPage(browser, look);
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(rig.server.url);
      await page.waitForSelector(".market-row", { visible: true });
      await show(page, look, "account");
      const traded = commandsOf(rig, "trade");

      await fill(page, { lots: "4000", stopLoss: "1.07" });
      await submit(page);
      await until(page, ".verdict.is-bad", "Refused:");
      expect(await textOf(page, ".verdict")).toContain("against");
      expect(commandsOf(rig, "trade")).toBe(traded);

      await page.$eval(".trade-dialog input[name='lots']", (input) => input.select());
      await page.type(".trade-dialog input[name='lots']", "0.1");
      // What was judged is not what is asked for now.
      expect(await page.$(".verdict")).toBeNull();
      await submit(page);
      await until(page, ".verdict.is-good", "would take it");
      await page.$eval(".trade-dialog button[type='submit']", (button) => {
        button.click();
        button.click();
      });
      await until(page, ".trade-bar", "0.10 lots filled");
      // An earlier run's trade may be listed as well: the position itself is waited for.
      await page.waitForSelector("[aria-label='Close BUY EURUSD']");
      expect(commandsOf(rig, "trade")).toBe(traded + 1);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(look.width);

      await page.click("[aria-label='Close BUY EURUSD']");
      await page.waitForSelector(".trade-dialog[open]");
      await submit(page);
      await page.waitForFunction(
        () => document.querySelector("[aria-label='Close BUY EURUSD'], .trade-dialog") === null,
      );

      await fill(page, { lots: "0.2", stopLoss: "1.07", price: "1.08" }, "limit");
      await submit(page);
      await until(page, ".verdict.is-good", "would take it");
      await submit(page);
      await until(page, ".pending", "1.08000");
      await page.click("[aria-label='Change the limit on EURUSD']");
      await page.waitForSelector(".trade-dialog[open]");
      await page.$eval(".trade-dialog input[name='price']", (input) => input.select());
      await page.type(".trade-dialog input[name='price']", "1.082");
      await submit(page);
      await until(page, ".pending", "1.08200");
      await page.click("[aria-label='Cancel the limit on EURUSD']");
      await page.waitForSelector(".trade-dialog[open]");
      await submit(page);
      await page.waitForFunction(() => document.querySelector(".pending, .trade-dialog") === null);

      await show(page, look, "risk");
      await until(page, ".risk", "daily loss limit");
      await page.$$eval(".choices .button", (buttons) => (buttons[1] as HTMLElement).click());
      await page.waitForSelector(".trade-dialog[open]");
      await submit(page);
      await page.waitForSelector(".choices .button[aria-pressed='true']:nth-child(2)");
      await page.$$eval(".choices .button", (buttons) => (buttons[0] as HTMLElement).click());
      await page.waitForSelector(".trade-dialog[open]");
      await submit(page);
      await page.waitForSelector(".choices .button[aria-pressed='true']:nth-child(1)");

      await show(page, look, "mt5");
      await until(page, ".terminals", "No terminal can connect");
      expect(complaints).toEqual([]);
      await page.close();
    });
  }
});

function commandsOf(rig: EdgeRig, command: string): number {
  return recordsOf(rig.station.journal).filter(
    (record) => record.kind === "commanded" && record.command.command === command,
  ).length;
}

/** A tab on a wide screen, a part at the bottom of a phone's. */
async function show(page: Page, { width }: Look, view: "account" | "risk" | "mt5"): Promise<void> {
  const names = { account: "Account", risk: "Risk", mt5: "MT5" };
  if (width > 500) await page.click(`#tab-${view}`);
  else await page.click(`.phone-tabs button[aria-label='${names[view]}']`);
}

async function fill(page: Page, fields: Readonly<Record<string, string>>, type = "market"): Promise<void> {
  await page.click(".trade-bar .button");
  await page.waitForSelector(".trade-dialog[open]");
  await page.select(".trade-dialog select[name='symbol']", "EURUSD");
  await page.select(".trade-dialog select[name='type']", type);
  for (const [name, text] of Object.entries(fields)) {
    await page.waitForSelector(`.trade-dialog input[name='${name}']`);
    await page.type(`.trade-dialog input[name='${name}']`, text);
  }
}

async function submit(page: Page): Promise<void> {
  await page.click(".trade-dialog button[type='submit']");
}

async function textOf(page: Page, selector: string): Promise<string> {
  return await page.$eval(selector, (element) => element.textContent ?? "");
}

async function until(page: Page, selector: string, text: string): Promise<void> {
  await page.waitForFunction(
    (where, wanted) => document.querySelector(where)?.textContent?.includes(wanted) === true,
    { timeout: 20_000 },
    selector,
    text,
  );
}
