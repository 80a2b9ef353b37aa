// The kill switch on a running system in a real browser, wide and on a phone: tripped after a question, shown until it is re-armed,
// and re-armed with the code that was typed in, not with another.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "puppeteer-core";
import { findChromium, launchChromium, type Look, NO_CHROMIUM, openPage } from "../../scripts/browser.ts";
import { freePort, RunningSystem } from "../../scripts/running-system.ts";

/** A browser and a whole system on a busy machine take their time. */
setDefaultTimeout(60_000);

const LOOKS: readonly Look[] = [
  { width: 1_330, height: 880, scheme: "dark" },
  { width: 390, height: 844, scheme: "light" },
];
const REASON = "the second source disagrees";

const chromium = findChromium();
if (chromium === undefined) console.warn(`the page's kill switch is not tested: ${NO_CHROMIUM}`);

describe.skipIf(chromium === undefined)("the kill switch on the page", () => {
  const data = mkdtempSync(join(tmpdir(), "tickforge-kill-page-"));
  let system: RunningSystem;
  let browser: Browser;

  beforeAll(async () => {
    [system, browser] = await Promise.all([
      RunningSystem.start({ port: await freePort(), data, args: ["--no-time-series"] }),
      launchChromium(chromium as string),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  for (const look of LOOKS) {
    test(`is tripped and re-armed at ${look.width} pixels`, async () => {
      const complaints: string[] = [];
      const page = await openPage(browser, look);
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(system.url);
      await page.waitForSelector(".market-row");
      await page.click("[aria-label='Kill switch']");
      await page.waitForSelector(".kill-dialog[open]");
      await page.click(".kill-dialog input[value='reduce-only']");
      await page.select(".kill-dialog select[name='level']", "global");
      await page.type(".kill-dialog input[name='reason']", REASON);
      await page.click(".kill-dialog button[type='submit']");
      await page.waitForSelector(".kill-banner");
      const banner = await page.$eval(".kill-banner", (element) => element.textContent ?? "");
      expect(banner).toContain("Kill switch for everything: reduce only.");
      expect(banner).toContain(`dashboard`);
      expect(banner).toContain(REASON);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(look.width);

      await page.click(".kill-banner button");
      await page.waitForFunction(() =>
        /^[2-9A-Z]{6}$/.test(document.querySelector(".kill-code")?.textContent ?? ""),
      );
      await page.type(".kill-dialog input[name='code']", "wrong");
      await page.click(".kill-dialog button[type='submit']");
      await page.waitForFunction(
        () => document.querySelector(".kill-dialog")?.textContent?.includes("this is not the code") === true,
      );
      const code = await page.$eval(".kill-code", (element) => element.textContent ?? "");
      await page.$eval(".kill-dialog input[name='code']", (input) => input.select());
      await page.type(".kill-dialog input[name='code']", code.toLowerCase());
      await page.click(".kill-dialog button[type='submit']");
      await page.waitForFunction(() => document.querySelector(".kill-banner, .kill-dialog") === null);
      expect(complaints).toEqual([]);
      await page.close();
    });
  }
});
