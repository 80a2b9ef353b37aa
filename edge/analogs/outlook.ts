// What followed the past's most similar states of a symbol, as a probability. Nothing that reaches into the minutes of the state
// that is asked about is looked at, and no episode counts twice.

import type { Micros } from "../../actors/base/clock.ts";
import type { AnalogsFound } from "../../actors/domain/advice.ts";
import {
  type Neighbour,
  OUTCOME_HORIZONS_MICROS,
  SETTLED_AFTER_MICROS,
  type Vectors,
} from "../../actors/ports/vectors.ts";
import { APART_MICROS, ASKED_PER_ANALOG, farApart } from "../explain/analogs.ts";
import { NAMED_MAX, NEIGHBOURS_MIN, PRIOR_EACH, TYPICAL_DISTANCE } from "./limits.ts";

export interface OutlookQuestion {
  readonly embedding: string;
  readonly vector: readonly number[];
  /** The model that made the vector; left out for one of the indicators. */
  readonly model?: string;
  readonly symbol: string;
  /** Of the state that is asked about. */
  readonly timeMicros: Micros;
  /** One of OUTCOME_HORIZONS_MICROS. */
  readonly horizonMicros: number;
  /** Neighbours that are looked for. */
  readonly k: number;
}

export interface Outlook {
  /** In (0, 1); undefined where too few states are alike. */
  readonly probabilityUp: number | undefined;
  readonly found: AnalogsFound;
}

/** Throws what the store throws. */
export async function outlookOf(vectors: Vectors, question: OutlookQuestion): Promise<Outlook> {
  const { embedding, vector, model, symbol, timeMicros, horizonMicros, k } = question;
  const limit = k * ASKED_PER_ANALOG;
  const neighbours = await vectors.nearest({
    embedding,
    vector,
    ...(model === undefined ? {} : { model }),
    symbol,
    asOfMicros: lastStateMicros(timeMicros, horizonMicros) + SETTLED_AFTER_MICROS,
    limit,
  });
  const apart = farApart(neighbours, { symbol, timeMicros, limit: k });
  const isAlike = ({ distance }: Neighbour): boolean =>
    // How far apart a model puts states is the model's own: there the nearest count once there were others to be nearer than.
    model === undefined ? distance < TYPICAL_DISTANCE : neighbours.length === limit;
  const alike = apart.filter(isAlike);
  return outlookFrom(alike, { nearest: apart[0], horizonMicros, model });
}

/** What followed a state of then, over the horizon, had ended when the window of the state asked about began. */
function lastStateMicros(timeMicros: Micros, horizonMicros: number): Micros {
  return timeMicros - APART_MICROS - horizonMicros;
}

function outlookFrom(
  alike: readonly Neighbour[],
  {
    nearest,
    horizonMicros,
    model,
  }: { nearest: Neighbour | undefined; horizonMicros: number; model: string | undefined },
): Outlook {
  const horizonIndex = OUTCOME_HORIZONS_MICROS.indexOf(horizonMicros);
  const moves = alike.flatMap(({ state }) => state.outcomes[horizonIndex] ?? []);
  const neighbours = moves.length;
  const rose = moves.filter((move) => move > 0).length;
  const unmoved = moves.filter((move) => move === 0).length;
  const mean = moves.reduce((sum, move) => sum + move, 0) / neighbours;
  const variance = moves.reduce((sum, move) => sum + (move - mean) ** 2, 0) / neighbours;
  return {
    probabilityUp:
      neighbours < NEIGHBOURS_MIN ? undefined : posteriorUp({ neighbours, rose: rose + unmoved / 2 }),
    found: {
      failure: "",
      ...(model === undefined ? {} : { model }),
      neighbours,
      rose,
      unmoved,
      meanBasisPoints: neighbours === 0 ? null : mean,
      spreadBasisPoints: neighbours === 0 ? null : Math.sqrt(variance),
      nearestDistance: nearest?.distance ?? null,
      nearestMicros: alike.slice(0, NAMED_MAX).map(({ state }) => state.timeMicros),
    },
  };
}

/**
 * Mean of the posterior of a binomial share under a Beta prior: (a + rose) / (a + b + n), Gelman et al., Bayesian Data Analysis,
 * section 2.4, with a = b = {@link PRIOR_EACH}.
 */
export function posteriorUp({ neighbours, rose }: { neighbours: number; rose: number }): number {
  return (PRIOR_EACH + rose) / (2 * PRIOR_EACH + neighbours);
}
