// Finds and starts the Chromium that tests, benches and screenshots look at the dashboard with.

import { existsSync } from "node:fs";
import { type Browser, launch, type Page } from "puppeteer-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"] as const;

/** For a person whose machine has none. */
export const NO_CHROMIUM =
  "no Chromium was found: install one (apt-get install chromium) or name it in TICKFORGE_CHROMIUM";

/** Path of the browser's program; undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env["TICKFORGE_CHROMIUM"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : undefined;
  for (const name of NAMES) {
    const path = Bun.which(name);
    if (path !== null) return path;
  }
  return undefined;
}

export async function launchChromium(executablePath: string): Promise<Browser> {
  return await launch({
    executablePath,
    headless: true,
    // In containers there is neither a sandbox for root nor a large /dev/shm.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"],
  });
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

/** A page of the given size and colours; a phone below 500 pixels. */
export async function openPage(browser: Browser, look: Look): Promise<Page> {
  const page = await browser.newPage();
  await resizePage(page, look);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: look.scheme }]);
  return page;
}

export async function resizePage(page: Page, { width, height }: Look): Promise<void> {
  const isPhone = width < 500;
  await page.setViewport({ width, height, isMobile: isPhone, hasTouch: isPhone });
}
