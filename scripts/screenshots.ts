// `bun run screenshots`: the pictures of the README, taken of a running simulated system.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { findChromium, launchChromium, type Look, NO_CHROMIUM, openPage } from "./browser.ts";
import { freePort, RunningSystem } from "./running-system.ts";

const FOLDER = join(import.meta.dir, "..", "docs", "screenshots");
/** Until there are signals, trades and a curve worth seeing. */
const LIVELY_MILLIS = 150_000;
const SETTLE_MILLIS = 1_500;
const BYTES_MAX = 250_000;

interface Shot {
  readonly name: string;
  readonly look: Look;
  readonly prepare?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  {
    name: "dashboard-dark",
    look: { width: 1_330, height: 880, scheme: "dark" },
    prepare: openFirstSignal,
  },
  {
    name: "dashboard-light",
    look: { width: 1_330, height: 880, scheme: "light" },
    prepare: async (page) => {
      await page
        .$eval(".desk .rows .button-text", (symbol) => (symbol as HTMLElement).click())
        .catch(() => undefined);
      await page.click("#tab-system");
    },
  },
  {
    name: "phone-market",
    look: { width: 390, height: 844, scheme: "dark" },
  },
  {
    name: "phone-chart",
    look: { width: 390, height: 844, scheme: "dark" },
    prepare: async (page) => {
      await page.click(".phone-tabs button:nth-child(2)");
    },
  },
  {
    name: "phone-signals",
    look: { width: 390, height: 844, scheme: "light" },
    prepare: async (page) => {
      await page.click(".phone-tabs button:nth-child(3)");
      await openFirstSignal(page);
    },
  },
];

async function openFirstSignal(page: Page): Promise<void> {
  await page.waitForSelector(".signal-head");
  await page.click(".signal-head");
}

async function main(): Promise<number> {
  const chromium = findChromium();
  if (chromium === undefined) {
    console.error(NO_CHROMIUM);
    return 1;
  }
  mkdirSync(FOLDER, { recursive: true });
  const data = mkdtempSync(join(tmpdir(), "tickforge-screenshots-"));
  const system = await RunningSystem.start({ port: await freePort(), data });
  const browser = await launchChromium(chromium);
  try {
    console.log(`the market runs for ${LIVELY_MILLIS / 1_000} s before the pictures are taken`);
    await Bun.sleep(LIVELY_MILLIS);
    for (const { name, look, prepare } of SHOTS) {
      const page = await openPage(browser, look);
      await page.goto(system.url);
      await page.waitForSelector(".market-row", { visible: look.width > 500 });
      await Bun.sleep(SETTLE_MILLIS);
      await prepare?.(page);
      await page.mouse.move(0, 0);
      await Bun.sleep(SETTLE_MILLIS);
      const picture = await page.screenshot({ path: join(FOLDER, `${name}.png`) });
      console.log(
        `${name}.png  ${(picture.length / 1_000).toFixed(0)} kB${picture.length > BYTES_MAX ? "  TOO LARGE" : ""}`,
      );
      await page.close();
    }
  } finally {
    await browser.close();
    await system.stop();
    rmSync(data, { recursive: true, force: true });
  }
  return 0;
}

process.exit(await main());
