// A dossier as a page of its own: nothing is loaded from anywhere, and it prints well.

import { type Cell, escaped, grid, page } from "../html.ts";
import { foundText } from "./advice.ts";
import type { Dossier } from "./dossier.ts";
import { complianceText } from "./compliance.ts";
import { recalibrationText } from "./layers.ts";

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
    layers(dossier),
    advice(dossier),
    analogVote(dossier),
    ...dossier.refusals.flatMap((refusal) => [
      checks(`Refused: ${refusal.code}. ${refusal.message}`, refusal.checks),
      compliance(refusal),
    ]),
    ...dossier.orders.flatMap((order) => [
      checks(
        `${order.purpose} ${order.intentId}: ${order.side} ${order.lots} lots at ${price(order.bid)} / ${price(order.ask)}, ` +
          `stop ${price(order.stopLoss) || "none"}, target ${price(order.takeProfit) || "none"}; ` +
          (order.sentAt === null ? "never sent" : `sent ${order.sentAt}`),
        order.checks,
      ),
      compliance(order),
    ]),
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
  return page(`${dossier.symbol} ${dossier.id}`, body.join("\n"), STYLE);
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

function analogVote({ analogVote: vote }: Dossier): string {
  if (vote === null) return "";
  return grid(
    `Vote of similar market states, asked ${vote.askedAt} about ${vote.horizonMinutes} minutes`,
    ["Status", "Probability up", "Based on", "Most alike"],
    [[vote.status, vote.probabilityUp?.toFixed(4) ?? "", foundText(vote), vote.nearest.join(", ")]],
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

function compliance({ compliance: shown }: Pick<Dossier["orders"][number], "compliance">): string {
  if (shown === null) return "";
  const evidence: Cell[][] = Object.entries(shown.figures).map(([name, value]) => [
    name,
    value ?? "unknown",
    "",
    "",
  ]);
  return grid(
    complianceText(shown),
    ["Check or figure", "Value", "Passed", "Limit"],
    [
      ...shown.checks.map(({ control, passed, value, limit }) => [
        control,
        value,
        passed ? "yes" : "NO",
        limit,
      ]),
      ...evidence,
    ],
  );
}

const STYLE = ".BUY{color:#0a7f5a}.SELL{color:#c2343f}";

/** What each of the four layers made of the votes. */
function layers({ signal }: Dossier): string {
  if (signal === null || signal.confirmations === null) return "";
  const { technical, vote, meta, validated, calibrated, recalibration, movePoints, costPoints } =
    signal.confirmations;
  return grid(
    "Layers",
    ["Layer", "Probability up"],
    [
      ["Technical score", technical?.toFixed(4) ?? "silent"],
      ["Vote of the members", vote.toFixed(4)],
      ["Meta-learner", meta?.toFixed(4) ?? "none"],
      [`Regime ${signal.regime}`, validated.toFixed(4)],
      ["Calibration", (recalibration?.before ?? calibrated).toFixed(4)],
      ...(recalibration === null ? [] : [[recalibrationText(recalibration), calibrated.toFixed(4)]]),
      ["Expected move, points", movePoints?.toFixed(1) ?? "not known"],
      ["Cost of entry and exit, points", costPoints.toFixed(1)],
    ],
  );
}
