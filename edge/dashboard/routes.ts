// Serves the dashboard: bundles it once at start, in memory, and answers for `/` and its hashed assets. The page needs nothing from
// anywhere else, runs under a strict content security policy, and its assets are cached for good.

import { failure, ok, type Result } from "../../actors/base/result.ts";

interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Dashboard {
  /** The answer to a GET or HEAD request for the page or one of its assets; undefined for everything else. */
  respond(request: Request): Response | undefined;
  /** Every path it answers, the page's own first. */
  readonly paths: readonly string[];
  /** What a browser downloads on its first visit, compressed. */
  readonly gzipBytes: number;
}

const ASSETS = "/assets/";
const THEME_PLACE = '<meta name="color-scheme"';

/** Nothing but the page's own files, and its own server to talk to. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-cache",
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Names hold a hash of the content: what was fetched once stays right. */
const ASSET_HEADERS = {
  "cache-control": "public, max-age=31536000, immutable",
  "x-content-type-options": "nosniff",
};

/** Bundles the page. Fails only where its sources cannot be built. */
export async function buildDashboard(): Promise<Result<Dashboard, "dashboard-not-built">> {
  const options = {
    target: "browser",
    minify: true,
    throw: false,
    publicPath: ASSETS,
    naming: "[name]-[hash].[ext]",
    define: { "process.env.NODE_ENV": '"production"' },
  } as const;
  const [page, theme] = await Promise.all([
    Bun.build({ ...options, entrypoints: [here("index.html")] }),
    // A classic script, since only such a one runs before the first paint.
    Bun.build({ ...options, entrypoints: [here("app/theme.ts")], format: "iife" }),
  ]);
  const broken = [page, theme].find(({ success }) => !success);
  if (broken !== undefined) {
    const reasons = broken.logs.map(({ message }) => message).join("; ");
    return failure(
      "dashboard-not-built",
      `the dashboard could not be bundled: ${reasons}. Reinstall the packages.`,
    );
  }
  const assets = new Map<string, Asset>();
  let html = "";
  for (const output of [...theme.outputs, ...page.outputs]) {
    if (output.type.startsWith("text/html")) html = await output.text();
    else assets.set(ASSETS + fileName(output.path), await assetOf(output, ASSET_HEADERS));
  }
  const themePath = ASSETS + fileName(theme.outputs[0]?.path ?? "");
  const text = html.replace(THEME_PLACE, `<script src="${themePath}"></script>${THEME_PLACE}`);
  const shown = new Map([["/", await assetOf(new Blob([text]), PAGE_HEADERS)], ...assets]);
  return ok(new BuiltDashboard(shown));
}

/** A file beside this one. */
function here(file: string): string {
  return new URL(file, import.meta.url).pathname;
}

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

async function assetOf(content: Blob, headers: Readonly<Record<string, string>>): Promise<Asset> {
  const body = new Uint8Array(await content.arrayBuffer());
  const type = content.type === "" ? {} : { "content-type": content.type };
  return { body, gzipped: Bun.gzipSync(body, { level: 9 }), headers: { ...type, ...headers } };
}

class BuiltDashboard implements Dashboard {
  readonly #assets: ReadonlyMap<string, Asset>;

  constructor(assets: ReadonlyMap<string, Asset>) {
    this.#assets = assets;
  }

  get paths(): readonly string[] {
    return [...this.#assets.keys()];
  }

  get gzipBytes(): number {
    return [...this.#assets.values()].reduce((sum, { gzipped }) => sum + gzipped.length, 0);
  }

  respond(request: Request): Response | undefined {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const asset = this.#assets.get(new URL(request.url).pathname);
    if (asset === undefined) return undefined;
    const takesGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
    const body = takesGzip ? asset.gzipped : asset.body;
    return new Response(request.method === "HEAD" ? null : body, {
      headers: {
        ...asset.headers,
        vary: "accept-encoding",
        "content-length": String(body.length),
        ...(takesGzip ? { "content-encoding": "gzip" } : {}),
      },
    });
  }
}
