// A dossier for a person at a terminal.

import { type Palette, palette, table } from "../terminal/table.ts";
import { complianceText, type ShownCompliance } from "./compliance.ts";
import { adviceLines, analogVoteLines } from "./advice.ts";
import type { Dossier } from "./dossier.ts";
import { recalibrationText } from "./layers.ts";

/** @param colours whether the output understands ANSI escapes */
export function dossierLines(dossier: Dossier, colours: boolean): string[] {
  const paint = palette(colours);
  const price = (value: number | null): string => (value === null ? "" : value.toFixed(dossier.digits));
  const lines = [paint.bold(`${dossier.symbol}  ${dossier.id}`)];
  const section = (title: string, rows: readonly string[]): void => {
    if (rows.length > 0) lines.push("", paint.bold(title), ...rows);
  };
  section("decision", decisionLines(dossier, price));
  section(
    "votes",
    grid(
      paint,
      VOTES,
      dossier.votes.map((vote) => voteCells(vote)),
    ),
  );
  section("advisers", adviceLines(dossier.advice));
  section("vote of similar market states", analogVoteLines(dossier.analogVote));
  section(
    "ticks before it",
    grid(
      paint,
      TICKS,
      dossier.ticks.map(({ seq, time, bid, ask, source, quarantined }) => [
        String(seq),
        time,
        price(bid),
        price(ask),
        source,
        quarantined,
      ]),
    ),
  );
  section("features", featureLines(dossier));
  section("most alike in the past, and what followed", analogLines(paint, dossier));
  for (const refusal of dossier.refusals) {
    section(`refused at record ${refusal.seq}: ${refusal.code}`, [
      refusal.message,
      ...checkLines(paint, refusal.checks),
      ...complianceLines(refusal.compliance),
    ]);
  }
  for (const order of dossier.orders) {
    section(`${order.purpose} ${order.intentId}, record ${order.seq}, ${order.time}`, [
      `${order.side} ${order.lots} lots at ${price(order.bid)} / ${price(order.ask)}, stop ${price(order.stopLoss) || "none"}, ` +
        `target ${price(order.takeProfit) || "none"}: ${order.reason}`,
      order.sentAt === null ? "never sent" : `sent ${order.sentAt}, epoch ${order.epoch}`,
      ...checkLines(paint, order.checks),
      ...complianceLines(order.compliance),
    ]);
  }
  section(
    "reports of the broker",
    grid(
      paint,
      FILLS,
      dossier.fills.map((fill) => [
        String(fill.seq),
        fill.time,
        fill.intentId,
        fill.status,
        `${fill.side} ${fill.lots}`,
        price(fill.price),
        fill.slippagePoints === null ? "" : String(fill.slippagePoints),
        fill.commission.toFixed(2),
        fill.reason,
      ]),
    ),
  );
  section("result", resultLines(dossier));
  return lines;
}

const VOTES = ["member", "status", "probability up", "weight", "age ms", "model", "SHA-256"];
const TICKS = ["record", "time", "bid", "ask", "source", "put aside"];
const FILLS = ["record", "time", "order", "status", "volume", "price", "slippage", "commission", "reason"];

function grid(paint: Palette, titles: readonly string[], rows: readonly string[][]): string[] {
  if (rows.length === 0) return [];
  const columns = titles.map((title) => ({
    title,
    align: /record|bid|ask|price|slippage|commission|weight|age|probability|similarity|bp/.test(title)
      ? ("right" as const)
      : ("left" as const),
  }));
  return table(columns, rows, paint);
}

function decisionLines(
  { signal, configuration, seal }: Dossier,
  price: (value: number | null) => string,
): string[] {
  const proof = [
    ...(configuration === null
      ? []
      : [
          `preset ${configuration.preset}, configuration of record ${configuration.seq} (SHA-256 ${configuration.sha256.slice(0, 16)})`,
        ]),
    seal === null
      ? "not sealed yet"
      : `sealed at record ${seal.seq}: trading ${String(seal.heads["trading"]).slice(0, 16)}`,
  ];
  if (signal === null) return ["no signal: by hand, or the broker's own", ...proof];
  return [
    `${signal.action} at ${price(signal.bid)} / ${price(signal.ask)}, ${signal.time}, record ${signal.seq}`,
    `probability up ${signal.probabilityUp.toFixed(4)}, confidence ${signal.confidence.toFixed(4)}, regime ${signal.regime}, ` +
      (signal.tradable ? "tradable" : "not tradable"),
    `reasons ${signal.reasons.join(", ")}`,
    ...layersText(signal.confirmations),
    ...proof,
  ];
}

/** What each of the four layers made of the votes. */
function layersText(layers: NonNullable<Dossier["signal"]>["confirmations"]): string[] {
  if (layers === null) return [];
  const { technical, vote, meta, validated, calibrated, recalibration, movePoints, costPoints } = layers;
  return [
    `layers: technical ${shown(technical, 4) || "silent"}, vote ${vote.toFixed(4)}` +
      `${meta === null ? "" : `, meta-learner ${meta.toFixed(4)}`}, in this regime ${validated.toFixed(4)}, calibrated ${calibrated.toFixed(4)}`,
    ...(recalibration === null ? [] : [recalibrationText(recalibration)]),
    `expected to move ${shown(movePoints, 1) || "nobody knows how many"} points, at a cost of ${costPoints.toFixed(1)}`,
  ];
}

function shown(value: number | null, digits: number): string {
  return value === null ? "" : value.toFixed(digits);
}

function voteCells(vote: Dossier["votes"][number]): string[] {
  return [
    vote.member,
    vote.status,
    shown(vote.probabilityUp, 4),
    shown(vote.weight, 3),
    shown(vote.ageMillis, 1),
    vote.model === null ? "" : `${vote.model.name} ${vote.model.version}`,
    vote.model?.sha256.slice(0, 16) ?? "",
  ];
}

/** Three to a line. */
function featureLines({ features }: Dossier): string[] {
  const cells = Object.entries(features).map(([name, value]) => {
    const text = value === null ? "-" : Number(value.toPrecision(6)).toString();
    return `${name.padEnd(24)} ${text.padStart(14)}`;
  });
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += 3) lines.push(cells.slice(i, i + 3).join("   "));
  return lines;
}

/** Summary first: returns of the mid in basis points. */
function analogLines(paint: Palette, { analogs }: Dossier): string[] {
  if (analogs === null || analogs.items.length === 0) return [];
  const horizons = analogs.summary.map(({ horizonMinutes }) => `${horizonMinutes} min, bp`);
  const summary = analogs.summary.map(
    ({ horizonMinutes, known, upShare, median, low, high }) =>
      `${horizonMinutes} min later: ${known} known, up in ${shown(upShare === null ? null : 100 * upShare, 0)} %, ` +
      `median ${shown(median, 1)} bp, most between ${shown(low, 1)} and ${shown(high, 1)}`,
  );
  const rows = analogs.items.map(({ time, regime, similarity, outcomes }) => [
    time,
    regime,
    similarity.toFixed(3),
    ...analogs.summary.map(({ horizonMinutes }) => shown(outcomes[horizonMinutes] ?? null, 1)),
  ]);
  return [...summary, ...grid(paint, ["time", "regime", "similarity", ...horizons], rows)];
}

function checkLines(paint: Palette, checks: Dossier["orders"][number]["checks"]): string[] {
  return checks.map(({ control, passed, value, limit }) => {
    const mark = passed ? paint.green("ok ") : paint.red("no ");
    return `  ${mark} ${control.padEnd(28)} ${String(value ?? "").padStart(16)}  limit ${limit ?? "none"}`;
  });
}

function resultLines({ profit, profitCurrency, fills }: Dossier): string[] {
  if (fills.length === 0) return [];
  const commission = fills.reduce((sum, fill) => sum + fill.commission, 0);
  const outcome = profit === null ? "open" : `${profit.toFixed(2)} ${profitCurrency} before commission`;
  return [`${outcome}, commission ${commission.toFixed(2)} in the account's currency`];
}

function complianceLines(compliance: ShownCompliance | null): string[] {
  if (compliance === null) return [];
  const figures = Object.entries(compliance.figures).map(([name, value]) => `${name} ${value ?? "unknown"}`);
  const failed = compliance.checks.filter(({ passed }) => !passed).map(({ control }) => control);
  return [
    complianceText(compliance),
    `evidence: ${figures.join(", ")}`,
    ...(failed.length === 0 ? [] : [`not passed: ${failed.join(", ")}`]),
  ];
}
