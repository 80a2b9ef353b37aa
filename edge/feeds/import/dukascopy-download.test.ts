// A downloader against a server that fails, cuts and throttles: it ends with the files, or says which one it could not get.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downloadDukascopy } from "./dukascopy-download.ts";

const { compress } = createRequire(import.meta.url)("lzma1") as {
  compress: (content: Uint8Array) => Uint8Array;
};

/** Three ticks, packed as the vendor packs them. */
const hour = Uint8Array.from(compress(new Uint8Array(60).fill(1)));
const DAY = Date.UTC(2024, 0, 15);
const HOUR = 3_600_000;

type Answer = (path: string, attempt: number) => Response;

let answer: Answer = () => new Response(hour);
const asked = new Map<string, number>();
let server: ReturnType<typeof Bun.serve>;
const folder = mkdtempSync(join(tmpdir(), "tickforge-download-"));

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      const attempt = (asked.get(pathname) ?? 0) + 1;
      asked.set(pathname, attempt);
      return answer(pathname, attempt);
    },
  });
});
afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  asked.clear();
  rmSync(join(folder, "EURUSD"), { recursive: true, force: true });
});

async function download(hours: number, nowMillis = Date.now()) {
  return await downloadDukascopy({
    symbol: "EURUSD",
    fromMillis: DAY,
    toMillis: DAY + hours * HOUR,
    folder,
    url: `http://127.0.0.1:${server.port}`,
    pauseMillisMin: 1,
    nowMillis,
  });
}

describe("a download", () => {
  test("lays files out as import reads them, and leaves nothing half written", async () => {
    answer = () => new Response(hour);
    expect(await download(3)).toMatchObject({ ok: true, value: { hours: 3, fetched: 3, kept: 0, empty: 0 } });
    const day = join(folder, "EURUSD/2024/00/15");
    expect(readdirSync(day).sort()).toEqual(["00h_ticks.bi5", "01h_ticks.bi5", "02h_ticks.bi5"]);
    expect(new Uint8Array(readFileSync(join(day, "01h_ticks.bi5")))).toEqual(hour);
  });

  test("again asks for what is missing only", async () => {
    answer = () => new Response(hour);
    await download(4);
    rmSync(join(folder, "EURUSD/2024/00/15/02h_ticks.bi5"));
    writeFileSync(join(folder, "EURUSD/2024/00/15/02h_ticks.bi5.part"), "half");
    asked.clear();
    expect(await download(4)).toMatchObject({ ok: true, value: { fetched: 1, kept: 3 } });
    expect([...asked.keys()]).toEqual(["/EURUSD/2024/00/15/02h_ticks.bi5"]);
  });

  test("keeps an hour that has long been empty, and asks again for one the server has no file of", async () => {
    answer = (path) =>
      path.includes("/01h_")
        ? new Response("", { status: 404 })
        : new Response(path.includes("/02h_") ? new Uint8Array() : hour);
    expect(await download(3)).toMatchObject({ ok: true, value: { fetched: 1, empty: 1, missing: 1 } });
    asked.clear();
    answer = () => new Response(hour);
    expect(await download(3)).toMatchObject({ ok: true, value: { fetched: 1, kept: 1, empty: 1 } });
    expect([...asked.keys()]).toEqual(["/EURUSD/2024/00/15/01h_ticks.bi5"]);
  });

  test("does not take an hour for empty that is not published yet, nor asks for one to come", async () => {
    answer = (path) => new Response(path.includes("/00h_") ? hour : new Uint8Array());
    expect(await download(9, DAY + 2 * HOUR)).toMatchObject({
      ok: true,
      value: { hours: 2, fetched: 1, missing: 1 },
    });
    expect(existsSync(join(folder, "EURUSD/2024/00/15/01h_ticks.bi5"))).toBe(false);
    expect(await download(9, DAY - HOUR)).toMatchObject({ ok: false, code: "bad-range" });
  });

  test("of a symbol that the server does not know says so", async () => {
    answer = () => new Response("", { status: 404 });
    const outcome = await download(5);
    expect(outcome).toMatchObject({ ok: false, code: "nothing-there" });
    expect(outcome.ok ? "" : outcome.message).toContain("no ticks of EURUSD");
  });

  const troubles: readonly [string, Answer][] = [
    ["busy", (_, attempt) => (attempt < 3 ? new Response("", { status: 503 }) : new Response(hour))],
    ["throttling", (_, attempt) => (attempt < 3 ? new Response("", { status: 429 }) : new Response(hour))],
    ["cutting files short", (_, attempt) => new Response(attempt < 3 ? hour.slice(0, 15) : hour)],
    ["sending pages instead", (_, attempt) => (attempt < 3 ? new Response("<html>") : new Response(hour))],
  ];
  for (const [what, trouble] of troubles) {
    test(`tries again while the server is ${what}`, async () => {
      answer = trouble;
      expect(await download(2)).toMatchObject({ ok: true, value: { fetched: 2 } });
    });
  }

  test("that cannot be completed names the file, keeps what came, and goes on later", async () => {
    answer = (path) => (path.includes("/02h_") ? new Response("", { status: 500 }) : new Response(hour));
    const failed = await download(3);
    expect(failed).toMatchObject({ ok: false, code: "not-downloaded" });
    expect(failed.ok ? "" : failed.message).toContain("02h_ticks.bi5: the server says 500");
    expect(existsSync(join(folder, "EURUSD/2024/00/15/02h_ticks.bi5"))).toBe(false);
    answer = () => new Response(hour);
    expect(await download(3)).toMatchObject({ ok: true, value: { fetched: 1, kept: 2 } });
  });

  test("of no hours is refused", async () => {
    expect(await download(0)).toMatchObject({ ok: false, code: "bad-range" });
    expect(await download(Number.NaN)).toMatchObject({ ok: false, code: "bad-range" });
  });
});
