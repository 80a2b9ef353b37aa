// The API's documentation as one plain page, made from the OpenAPI document: no scripts, nothing from elsewhere.

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly required?: boolean;
    readonly schema?: Schema;
  }[];
  readonly responses?: Readonly<
    Record<
      string,
      {
        readonly description?: string;
        readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
      }
    >
  >;
}

interface Document {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const STYLE = `
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;font-size:1.05rem;font-family:ui-monospace,monospace}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top;border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent)}
code,pre{font-family:ui-monospace,monospace;font-size:.85rem}pre{overflow:auto;padding:.75rem;border-radius:6px;background:color-mix(in srgb,currentColor 7%,transparent)}
`;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

export function docsPage(document: object): Response {
  const { info, paths = {} } = document as Document;
  const sections = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation as Operation)),
  );
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(info.title)} API</title><style>${STYLE}</style>
<h1>${text(info.title)} API ${text(info.version)}</h1>
<p>Prices are decimals, times ISO 8601 in UTC, volumes lots, money units of the account's currency. Pages are
<code>{items, cursor}</code>: ask again with the cursor until it is null. Errors are <code>application/problem+json</code>.
The document for machines: <a href="/api/v1/openapi.json">openapi.json</a>.</p>
${sections.join("\n")}${OTHERS}</html>`;
  return new Response(html, {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY },
  });
}

const OTHERS = `
<h2>POST /api/market</h2><p>One tick or an array of them: <code>{symbol, bid, ask, time?, volume?}</code>. Answered
<code>{status: "received", timestamp}</code> once they are durable; 10 a second and symbol unless set otherwise.</p>
<h2>GET /api/signals</h2><p><code>?min_confidence=0.7</code>: <code>{signals, count, timestamp}</code>, newest first.</p>
<h2>POST /api/trade</h2><p><code>{symbol, type, lots, stopLoss?, takeProfit?, comment?}</code> on the paper account, through every
risk control: <code>{success, ticket, message}</code> or <code>{success: false, error}</code>.</p>
<h2>GET /api/health</h2><p>For simple bridges. <code>/metrics</code> is for Prometheus.</p>
<h2>WebSocket /ws</h2><p>Say <code>{"type": "subscribe", "topic": "signal", "symbols": ["EURUSD"]}</code>; topics are price_update, signal,
position_update, order, bar, regime, account, heartbeat. Messages are <code>{type, data, timestamp, sequence}</code>; sequences count within a
topic and a <code>boot</code>, over all symbols. Resume with <code>"after": {"boot": ..., "sequence": ...}</code>. Send ticks with
<code>{"type": "market", "id": "1", "ticks": [...]}</code>: answered <code>accepted</code> once durable.</p>`;

function section(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    ({ name, required, schema }) =>
      `<tr><td><code>${text(name)}</code>${required === true ? " *" : ""}<td>${text(describe(schema))}${
        schema?.default === undefined ? "" : `<td>default ${text(JSON.stringify(schema.default))}`
      }`,
  );
  const answer = operation.responses?.["200"]?.content?.["application/json"]?.schema;
  return `<h2>${method.toUpperCase()} ${text(path)}</h2><p>${text(operation.summary ?? "")}</p>${
    parameters.length === 0 ? "" : `<table>${parameters.join("")}</table>`
  }${answer === undefined ? "" : `<pre>${text(shape(answer, 0))}</pre>`}`;
}

function describe(schema: Schema | undefined): string {
  if (schema === undefined) return "";
  if (schema.enum !== undefined) return schema.enum.join(" | ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(describe).join(" | ");
  return Array.isArray(schema.type) ? schema.type.join(" | ") : String(schema.type ?? "any");
}

/** A schema in the way people write shapes. */
function shape(schema: Schema, depth: number): string {
  if (schema.items !== undefined) return `${shape(schema.items, depth)}[]`;
  if (schema.properties === undefined) return describe(schema);
  const indent = "  ".repeat(depth + 1);
  const lines = Object.entries(schema.properties).map(
    ([name, inner]) => `${indent}${name}: ${shape(inner, depth + 1)}`,
  );
  return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
}

function text(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
