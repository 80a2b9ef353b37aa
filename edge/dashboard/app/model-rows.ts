// What the models' part shows, put in order: everybody who answers on a symbol, and their votes as lines.

import type { ModelsMessage } from "../../api/models.ts";
import type { PredictionMessage, SignalMessage } from "../../api/schemas.ts";

type Live = ModelsMessage["rules"][number]["live"][number];

export interface ModelRow {
  /** Of a model its name and version. */
  readonly name: string;
  /** Undefined of a rule. */
  readonly version: { readonly model: string; readonly version: string } | undefined;
  readonly member: string;
  readonly status: "rule" | "asked" | "champion" | "shadow" | "retired" | "quarantined";
  readonly event: string;
  readonly horizonSeconds: number;
  /** Undefined where nothing of the symbol is scored. */
  readonly live: Live | undefined;
}

const RANKS: Readonly<Record<ModelRow["status"], number>> = {
  champion: 0,
  quarantined: 1,
  rule: 2,
  asked: 3,
  shadow: 4,
  retired: 5,
};

/** Who votes first, then who did until it was quarantined, then rules, then those that only might; models for other symbols and retired ones are left out. */
export function modelRows({ items, rules }: ModelsMessage, symbol: string): ModelRow[] {
  const ofSymbol = (live: readonly Live[]): Live | undefined => live.find((each) => each.symbol === symbol);
  const models = items
    .filter(({ symbols, status }) => status !== "retired" && (symbols?.includes(symbol) ?? true))
    .map(({ model, version, member, status, event, horizonSeconds, live }): ModelRow => {
      const name = `${model} ${version}`;
      return {
        name,
        version: { model, version },
        member,
        status,
        event,
        horizonSeconds,
        live: ofSymbol(live),
      };
    });
  const members = rules.map(({ member, kind, event, horizonSeconds, live }): ModelRow => {
    return {
      name: member,
      version: undefined,
      member,
      status: kind,
      event,
      horizonSeconds,
      live: ofSymbol(live),
    };
  });
  return [...models, ...members].sort((a, b) => RANKS[a.status] - RANKS[b.status]);
}

export interface VoteLine {
  readonly member: string;
  /** Oldest first. */
  readonly points: readonly { readonly millis: number; readonly probability: number }[];
}

/** Lines of stored votes, by member. */
export function storedLines(votes: readonly PredictionMessage[]): VoteLine[] {
  return linesOf(
    votes.map(({ member, time, probabilityUp }) => ({
      member,
      millis: Date.parse(time),
      probability: probabilityUp,
    })),
  );
}

/** Lines of the votes that came with a symbol's signals: for where none are stored. */
export function signalLines(signals: readonly SignalMessage[], symbol: string): VoteLine[] {
  return linesOf(
    signals
      .filter((signal) => signal.symbol === symbol)
      .flatMap(({ timestamp, votes }) =>
        votes.map(({ member, probabilityUp, ageMillis }) => ({
          member,
          millis: Date.parse(timestamp) - ageMillis,
          probability: probabilityUp,
        })),
      ),
  );
}

function linesOf(
  votes: readonly { member: string; millis: number; probability: number | null }[],
): VoteLine[] {
  const known = votes.flatMap(({ member, millis, probability }) =>
    probability === null ? [] : [{ member, millis, probability }],
  );
  return [...Map.groupBy(known, ({ member }) => member)]
    .map(([member, points]) => ({ member, points: points.toSorted((a, b) => a.millis - b.millis) }))
    .sort((a, b) => (a.member < b.member ? -1 : 1));
}

/** A horizon for people: 5 s, 15 min. */
export function horizonText(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${seconds / 60} min`;
}
