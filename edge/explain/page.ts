// A dossier as a page of its own: nothing is loaded from anywhere, and it prints well.

import type { Dossier } from "./dossier.ts";

type Cell = string | number | boolean | null;

export function dossierPage(dossier: Dossier): string {
  const price = (value: number | null): string => (value === null ? "" : value.toFixed(dossier.digits));
  const { signal } = dossier;
  const body = [
    `<h1>${escaped(dossier.symbol)} <small>${escaped(dossier.id)}</small></h1>`,
    signal === null
      ? "<p>No signal: by hand, or the broker's own.</p>"
      : `<p><strong class="${signal.action}">${signal.action}</strong> at ${price(signal.bid)} / ${price(signal.ask)}, ` +
        `${escaped(signal.time)}. Probability up ${signal.probabilityUp.toFixed(4)}, confidence ${signal.confidence.toFixed(4)}, ` +
        `regime ${escaped(signal.regime)}. ${escaped(signal.reasons.join(", "))}</p>`,
    grid(
      "Votes",
      ["Member", "Status", "Probability up", "Weight", "Age, ms", "Model", "SHA-256"],
      dossier.votes.map((vote) => [
        vote.member,
        vote.status,
        vote.probabilityUp?.toFixed(4) ?? "",
        vote.weight?.toFixed(3) ?? "",
        vote.ageMillis?.toFixed(1) ?? "",
        vote.model === null ? "" : `${vote.model.name} ${vote.model.version}`,
        vote.model?.sha256 ?? "",
      ]),
    ),
    advice(dossier),
    ...dossier.refusals.map((refusal) =>
      checks(`Refused: ${refusal.code}. ${refusal.message}`, refusal.checks),
    ),
    ...dossier.orders.map((order) =>
      checks(
        `${order.purpose} ${order.intentId}: ${order.side} ${order.lots} lots at ${price(order.bid)} / ${price(order.ask)}, ` +
          `stop ${price(order.stopLoss) || "none"}, target ${price(order.takeProfit) || "none"}; ` +
          (order.sentAt === null ? "never sent" : `sent ${order.sentAt}`),
        order.checks,
      ),
    ),
    reports(dossier, price),
    dossier.profit === null
      ? ""
      : `<p>Result: ${dossier.profit.toFixed(2)} ${escaped(dossier.profitCurrency)} before commission.</p>`,
    grid(
      "Ticks before it",
      ["Record", "Time", "Bid", "Ask", "Source", "Put aside"],
      dossier.ticks.map((tick) => [
        tick.seq,
        tick.time,
        price(tick.bid),
        price(tick.ask),
        tick.source,
        tick.quarantined,
      ]),
    ),
    grid(
      "Features at that tick",
      ["Name", "Value"],
      Object.entries(dossier.features).map(([name, value]) => [name, value ?? "not warm"]),
    ),
    analogs(dossier),
    proof(dossier),
  ];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(`${dossier.symbol} ${dossier.id}`)}</title><style>${STYLE}</style><main>${body.join("\n")}</main></html>`;
}

function reports({ fills }: Dossier, price: (value: number | null) => string): string {
  return grid(
    "Reports of the broker",
    [
      "Record",
      "Time",
      "Order",
      "Status",
      "Side",
      "Lots",
      "Price",
      "Slippage, points",
      "Commission",
      "Reason",
    ],
    fills.map((fill) => [
      fill.seq,
      fill.time,
      fill.intentId,
      fill.status,
      fill.side,
      fill.lots,
      price(fill.price),
      fill.slippagePoints,
      fill.commission.toFixed(2),
      fill.reason,
    ]),
  );
}

/** In their own words, which are shown and nothing else. */
function advice({ advice: found }: Dossier): string {
  if (found === null) return "";
  return grid(
    `Advisers, asked ${found.askedAt} about ${found.horizonMinutes} minutes: ${found.status}, probability up ` +
      (found.probabilityUp?.toFixed(4) ?? "none"),
    ["Adviser", "Model", "Probability up", "Confidence", "Reasons"],
    found.answers.map(({ adviser, model, failure, probabilityUp, confidence, reasons, cached }) => [
      adviser,
      model,
      probabilityUp?.toFixed(4) ?? failure,
      confidence?.toFixed(2) ?? "",
      `${reasons.join("; ")}${cached ? " (said before, of a market that looked the same)" : ""}`,
    ]),
  );
}

function analogs({ analogs: found }: Dossier): string {
  if (found === null || found.items.length === 0) return "";
  return grid(
    "Most alike in the past, and the return of the mid that followed, in basis points",
    [
      "Time",
      "Regime",
      "Similarity",
      ...found.summary.map(({ horizonMinutes }) => `${horizonMinutes} minutes later`),
    ],
    [
      ...found.items.map(({ time, regime, similarity, outcomes }) => [
        time,
        regime,
        similarity.toFixed(3),
        ...found.summary.map(({ horizonMinutes }) => outcomes[horizonMinutes]?.toFixed(1) ?? ""),
      ]),
      ["Median", "", "", ...found.summary.map(({ median }) => median?.toFixed(1) ?? "")],
    ],
  );
}

function proof({ configuration, seal, featureSchema }: Dossier): string {
  const rows: Cell[][] = [["Feature schema", featureSchema]];
  if (configuration !== null) {
    rows.push([
      `Configuration of record ${configuration.seq}, preset ${configuration.preset}`,
      configuration.sha256,
    ]);
  }
  if (seal !== null) {
    for (const [topic, head] of Object.entries(seal.heads))
      rows.push([`${topic}, seal of record ${seal.seq}`, head]);
  }
  return grid("Proof", ["What", "SHA-256"], rows);
}

function checks(title: string, list: Dossier["orders"][number]["checks"]): string {
  return grid(
    title,
    ["Control", "Passed", "Value", "Limit"],
    list.map(({ control, passed, value, limit }) => [control, passed ? "yes" : "NO", value, limit]),
  );
}

function grid(title: string, head: readonly string[], rows: readonly Cell[][]): string {
  if (rows.length === 0) return "";
  const cells = (row: readonly Cell[], tag: "th" | "td"): string =>
    row.map((cell) => `<${tag}>${escaped(String(cell ?? ""))}</${tag}>`).join("");
  const lines = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("");
  return `<h2>${escaped(title)}</h2><div class="wide"><table><tr>${cells(head, "th")}</tr>${lines}</table></div>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const STYLE =
  ":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}main{max-width:72rem;margin:2rem auto;padding:0 1rem}" +
  "h1 small{font-weight:400;opacity:.7}h2{font-size:1rem;margin:2rem 0 .5rem}.wide{overflow-x:auto}" +
  "table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{text-align:left;padding:.2rem .8rem .2rem 0;" +
  "border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent);white-space:nowrap}th{font-weight:600}" +
  ".BUY{color:#0a7f5a}.SELL{color:#c2343f}@media print{main{margin:0}}";
