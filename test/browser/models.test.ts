// The page's models on a running system in a real browser: a version is let vote, goes back, and one that is damaged is refused in
// words.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { findChromium, launchChromium, NO_CHROMIUM, openPage } from "../../scripts/browser.ts";
import { freePort, RunningSystem } from "../../scripts/running-system.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { TREES, treesCard } from "../fixtures/models.ts";

/** A browser and a whole system on a busy machine take their time. */
setDefaultTimeout(60_000);

const chromium = findChromium();
if (chromium === undefined) console.warn(`the page's models are not tested in a browser: ${NO_CHROMIUM}`);

describe.skipIf(chromium === undefined)("models on the page", () => {
  const data = mkdtempSync(join(tmpdir(), "tickforge-models-page-"));
  const registry = new FileModels(join(data, "models"), () => undefined);
  const complaints: string[] = [];
  let system: RunningSystem;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    for (const version of ["1", "2", "3"]) registry.register(TREES, treesCard(version), Number(version));
    registry.promote("lightgbm", { version: "1", by: "ann", atMicros: 1 });
    [system, browser] = await Promise.all([
      RunningSystem.start({ port: await freePort(), data }),
      launchChromium(chromium as string),
    ]);
    page = await openPage(browser, { width: 1_440, height: 900, scheme: "dark" });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(system.url);
    await page.waitForSelector(".market-row .flash");
    await page.click("#tab-models");
  });

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  /** Clicks the button of that text, once there is one. */
  async function press(where: string, text: string): Promise<void> {
    await page.waitForFunction(
      (selector, wanted) => {
        const found = [...document.querySelectorAll<HTMLButtonElement>(selector)].find(
          (button) => button.textContent === wanted && !button.disabled,
        );
        found?.click();
        return found !== undefined;
      },
      {},
      where,
      text,
    );
  }

  async function waitForText(where: string, text: string): Promise<void> {
    await page.waitForFunction(
      (selector, wanted) => document.querySelector(selector)?.textContent?.includes(wanted) === true,
      {},
      where,
      text,
    );
  }

  test("are let vote once it is confirmed, and a cancelled wish does nothing", async () => {
    await press(".scores button", "lightgbm 2");
    await press(".model-deeds button", "Let it vote");
    await waitForText(".model-wish", "lightgbm 1, which votes now, becomes a shadow");
    await press(".model-wish button", "Cancel");
    await page.waitForSelector(".model-wish", { hidden: true });
    expect(registry.champion("lightgbm")?.card.version).toBe("1");
    await press(".model-deeds button", "Let it vote");
    await press(".model-wish button", "Let it vote");
    await waitForText(".model-notice", "lightgbm 2 votes within seconds.");
    expect(registry.champion("lightgbm")?.card.version).toBe("2");
    expect(registry.promotions("lightgbm").at(-1)?.by).toBe("dashboard");
    await waitForText(".model-deeds", "lightgbm 2 votes");
    await press(".model-deeds button", "Roll back");
    await press(".model-wish button", "Roll back");
    await waitForText(".model-notice", "lightgbm 1 votes within seconds.");
  });

  test("that are damaged are refused, and the reason is read on the page", async () => {
    appendFileSync(join(data, "models", "lightgbm", "3", "model.onnx"), "x");
    await press(".scores button", "lightgbm 3");
    await press(".model-deeds button", "Let it vote");
    await press(".model-wish button", "Let it vote");
    await waitForText(".model-wish .trouble", "lightgbm 3 in");
    await waitForText(".model-wish .trouble", "is damaged");
    await press(".model-wish button", "Close");
    await press(".model-deeds button", "Retire");
    await press(".model-wish button", "Retire");
    await waitForText(".model-notice", "lightgbm 3 is retired.");
    expect(complaints).toEqual([]);
  });
});
