// Pages of their own: nothing is loaded from anywhere, they follow the reader's colours, fit a phone and print well.

export type Cell = string | number | boolean | null;

/** @param style what the page needs besides {@link STYLE} */
export function page(title: string, body: string, style = ""): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${STYLE}${style}</style><main>${body}</main></html>`;
}

/** A table under its heading; nothing where there are no rows. It scrolls by itself where it is wider than the page. */
export function grid(title: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "";
  return `<h2>${escaped(title)}</h2>${table(head, rows)}`;
}

export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = (row: readonly Cell[], tag: "th" | "td"): string =>
    row.map((cell) => `<${tag}>${escaped(String(cell ?? ""))}</${tag}>`).join("");
  const lines = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("");
  return `<div class="wide"><table><tr>${cells(head, "th")}</tr>${lines}</table></div>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const STYLE =
  ":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}main{max-width:72rem;margin:2rem auto;padding:0 1rem}" +
  "p,li{overflow-wrap:anywhere}h1 small{font-weight:400;opacity:.7}h2{font-size:1rem;margin:2rem 0 .5rem}.wide{overflow-x:auto}" +
  "table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{text-align:left;padding:.2rem .8rem .2rem 0;" +
  "border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent);white-space:nowrap}th{font-weight:600}" +
  "@media print{main{margin:0}}";
