// The page as the server gives it out: complete, cached, compressed, under a strict policy and within its size.

import { describe, expect, test } from "bun:test";
import { buildDashboard, type Dashboard } from "./routes.ts";

const GZIP_BYTES_MAX = 300_000;

const built = await buildDashboard();
if (!built.ok) throw new Error(built.message);
const dashboard: Dashboard = built.value;

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Response | undefined {
  return dashboard.respond(new Request(`http://127.0.0.1:8000${path}`, { method, headers }));
}

describe("the page", () => {
  test("is never stale and runs under a policy that allows nothing from elsewhere", async () => {
    const response = get("/")!;
    expect(response.headers.get("content-type")).toStartWith("text/html");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const policy = response.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
  });

  test("has no script or style of its own and links only to what is served with it", async () => {
    const html = await get("/")!.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThanOrEqual(4);
    for (const link of links) expect(dashboard.paths).toContain(link);
    expect(html).not.toMatch(/<style|style="|<script>/);
  });

  test("sets light or dark before the style sheet: nothing flashes", async () => {
    const html = await get("/")!.text();
    expect(html.indexOf("theme-")).toBeLessThan(html.indexOf(".css"));
    expect(html).toMatch(/<script src="\/assets\/theme-/);
  });
});

describe("assets", () => {
  test("are named by their content and cached for good", () => {
    for (const path of dashboard.paths.slice(1)) {
      expect(path).toMatch(/^\/assets\/[\w-]+-[a-z0-9]{8}\.(?:js|css|svg)$/);
      expect(get(path)!.headers.get("cache-control")).toContain("immutable");
      expect(get(path)!.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("are compressed for those who can, and the same for those who cannot", async () => {
    for (const path of dashboard.paths) {
      const zipped = get(path, { "accept-encoding": "br, gzip" })!;
      expect(zipped.headers.get("content-encoding")).toBe("gzip");
      const plain = get(path)!;
      expect(plain.headers.get("content-encoding")).toBeNull();
      expect(plain.headers.get("vary")).toBe("accept-encoding");
      const unzipped = Bun.gunzipSync(new Uint8Array(await zipped.arrayBuffer()));
      expect(Buffer.from(unzipped).equals(Buffer.from(await plain.arrayBuffer()))).toBe(true);
    }
  });

  test("carry no reference to another server and no validator", async () => {
    for (const path of dashboard.paths) {
      const text = await get(path)!.text();
      expect(text).not.toMatch(/@import|url\(["']?https?:|fonts\.g|cdn\./);
      expect(text).not.toContain("ZodError");
    }
  });
});

test("a first visit downloads at most 300 kB", () => {
  expect(dashboard.gzipBytes).toBeLessThanOrEqual(GZIP_BYTES_MAX);
});

test("HEAD has the headers and no body; other methods and paths are somebody else's", async () => {
  const head = get("/", {}, "HEAD")!;
  expect(Number(head.headers.get("content-length"))).toBeGreaterThan(0);
  expect(await head.text()).toBe("");
  expect(get("/", {}, "POST")).toBeUndefined();
  expect(get("/api/v1/health")).toBeUndefined();
  expect(get("/assets/../routes.ts")).toBeUndefined();
});
