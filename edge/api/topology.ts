// The running parts and what flows between them, as Mermaid text with the figures of now.

import type { LivePicture } from "../live/live-picture.ts";

/** Symbols drawn one by one; more are drawn as one box. */
const SYMBOLS_DRAWN_MAX = 24;

export function topologyOf(picture: LivePicture): string {
  const { journal, projection, ticksPerSecond, clients, badge } = picture.health();
  const symbols = picture.symbols();
  const account = picture.account();
  const lines = [
    "flowchart LR",
    `  source["${badge} market<br/>${ticksPerSecond.toFixed(1)} ticks/s"] --> router[TickRouter]`,
    `  router --> journal[("journal<br/>record ${journal.durableSeq}")]`,
    `  journal --> projector["time series<br/>${projection.up ? `${projection.lagRecords} records behind` : "down"}"]`,
    `  account["account ${account?.accountId ?? "out of service"}"] --> gate[OrderGate] --> broker[paper broker]`,
    "  broker --> account",
    `  journal --> stream["stream<br/>${clients} clients"]`,
  ];
  const drawn = symbols.length <= SYMBOLS_DRAWN_MAX ? symbols : [];
  for (const [index, { symbol, ticks, trouble }] of drawn.entries()) {
    const state = trouble === "" ? `${ticks} ticks` : trouble;
    lines.push(`  router --> s${index}["${symbol}<br/>${state}"] --> account`);
  }
  if (drawn.length === 0) lines.push(`  router --> symbols["${symbols.length} symbols"] --> account`);
  return lines.join("\n");
}
