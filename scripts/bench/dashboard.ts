// The dashboard in Chromium: how much a first visit downloads, when it first paints, and how smoothly it runs while 500 prices a
// second come in, next to an empty page of the same browser. The server is a stand-in, so that only the page is measured.

import type { Page } from "puppeteer-core";
import { buildDashboard } from "../../edge/dashboard/routes.ts";
import { StandIn } from "../../edge/dashboard/stand-in.fixture.ts";
import { findChromium, launchChromium, NO_CHROMIUM, openPage } from "../browser.ts";
import { type Emit, median } from "./row.ts";

const NAME = "dashboard";
const UPDATES_PER_SECOND = 500;
const RUN_MILLIS = 6_000;
const SETTLE_MILLIS = 1_500;
const VISITS = 5;
const GZIP_KILOBYTES_MAX = 300;
const PAINT_MILLIS_MAX = 1_000;
const FRAME_RATIO_MIN = 0.9;
const DESK = { width: 1_440, height: 900, scheme: "dark" } as const;

export async function bench(emit: Emit): Promise<void> {
  const built = await buildDashboard();
  if (!built.ok) throw new Error(built.message);
  const kilobytes = built.value.gzipBytes / 1_000;
  emit({
    name: NAME,
    metric: "first visit, compressed",
    value: kilobytes,
    unit: "kB",
    bar: `<= ${GZIP_KILOBYTES_MAX} kB`,
    met: kilobytes <= GZIP_KILOBYTES_MAX,
  });
  const chromium = findChromium();
  if (chromium === undefined) {
    console.error(`paint and frames are not measured: ${NO_CHROMIUM}`);
    return;
  }
  const browser = await launchChromium(chromium);
  const server = new StandIn({ dashboard: built.value, updatesPerSecond: UPDATES_PER_SECOND });
  try {
    const page = await openPage(browser, DESK);
    emitPaints(emit, await paints(page, server.url));
    await page.goto("about:blank");
    const bare = await frames(page);
    await page.goto(server.url);
    await page.waitForSelector(".signal");
    await Bun.sleep(SETTLE_MILLIS);
    emitFrames(emit, await busyFrames(page, server), bare);
  } finally {
    await browser.close();
    await server.stop();
  }
}

interface Paints {
  readonly firstMillis: number;
  /** Until the symbols' prices stand there. */
  readonly pricesMillis: number;
}

async function paints(page: Page, url: string): Promise<Paints> {
  const first: number[] = [];
  const prices: number[] = [];
  await page.setCacheEnabled(false);
  for (let visit = 0; visit < VISITS; visit++) {
    await page.goto(url);
    await page.waitForSelector(".market-row .flash");
    prices.push(await page.evaluate(() => performance.now()));
    const painted = await page.waitForFunction(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    );
    first.push(Number(await painted.jsonValue()));
  }
  await page.setCacheEnabled(true);
  return { firstMillis: median(first), pricesMillis: median(prices) };
}

function emitPaints(emit: Emit, { firstMillis, pricesMillis }: Paints): void {
  emit({
    name: NAME,
    metric: "first contentful paint, nothing cached",
    value: firstMillis,
    unit: "ms",
    bar: `<= ${PAINT_MILLIS_MAX} ms`,
    met: firstMillis <= PAINT_MILLIS_MAX,
  });
  emit({ name: NAME, metric: "prices in sight, nothing cached", value: pricesMillis, unit: "ms" });
}

interface Frames {
  readonly perSecond: number;
  /** The interval that 99 of 100 frames keep. */
  readonly p99Millis: number;
}

function frames(page: Page): Promise<Frames> {
  return page.evaluate(async (runMillis) => {
    const intervals: number[] = [];
    const beganMillis = performance.now();
    let lastMillis = beganMillis;
    while (lastMillis - beganMillis < runMillis) {
      const nowMillis = await new Promise<number>((resolve) => {
        requestAnimationFrame(resolve);
      });
      intervals.push(nowMillis - lastMillis);
      lastMillis = nowMillis;
    }
    intervals.sort((a, b) => a - b);
    return {
      perSecond: (intervals.length / (lastMillis - beganMillis)) * 1_000,
      p99Millis: intervals[Math.floor(intervals.length * 0.99)] ?? 0,
    };
  }, RUN_MILLIS);
}

interface BusyFrames extends Frames {
  readonly updatesPerSecond: number;
  /** Of the page's main thread. */
  readonly busyShare: number;
}

async function busyFrames(page: Page, server: StandIn): Promise<BusyFrames> {
  const before = await page.metrics();
  const sentBefore = server.sent;
  const measured = await frames(page);
  const after = await page.metrics();
  const seconds = (after.Timestamp ?? 0) - (before.Timestamp ?? 0);
  return {
    ...measured,
    updatesPerSecond: (server.sent - sentBefore) / seconds,
    busyShare: ((after.TaskDuration ?? 0) - (before.TaskDuration ?? 0)) / seconds,
  };
}

function emitFrames(emit: Emit, busy: BusyFrames, bare: Frames): void {
  const ratio = busy.perSecond / bare.perSecond;
  emit({
    name: NAME,
    metric: `frames at ${busy.updatesPerSecond.toFixed(0)} updates/s (baseline: an empty page)`,
    value: busy.perSecond,
    unit: "1/s",
    baseline: bare.perSecond,
    ratio,
    bar: `>= ${FRAME_RATIO_MIN}x`,
    met: ratio >= FRAME_RATIO_MIN,
  });
  emit({
    name: NAME,
    metric: "frame interval p99 meanwhile (baseline: an empty page)",
    value: busy.p99Millis,
    unit: "ms",
    baseline: bare.p99Millis,
    ratio: busy.p99Millis / bare.p99Millis,
  });
  emit({ name: NAME, metric: "main thread busy meanwhile", value: busy.busyShare * 100, unit: "%" });
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
