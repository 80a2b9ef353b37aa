// Who is judged, and on what: rule members and the vote on every horizon there is a goal for, each trained model on its card's own.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import type { Result } from "../../actors/base/result.ts";
import { ModelForecaster } from "../../actors/chain/model-forecaster.ts";
import { type PresetName, PRESETS } from "../../actors/chain/presets.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import { FEATURE_NAMES } from "../../actors/domain/features.ts";
import type { MemberId } from "../../actors/domain/prediction.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import type { ModelCard, ModelEvent, Models, RegisteredModel } from "../../actors/ports/models.ts";
import { medianFeature } from "../../actors/quality/outcomes.ts";
import { openOnnx } from "../../storage/models/onnx.ts";

export type RowKind = "tick" | "minute";

/** One thing that a probability can be of, and the rows it is asked on. */
export interface Target {
  readonly rows: RowKind;
  readonly event: ModelEvent;
  readonly horizonMicros: number;
  /** From the row to the entry; rows of minutes have none. */
  readonly delayMicros: number;
}

export interface Subject {
  /** Unique among subjects. */
  readonly name: string;
  readonly kind: "rule" | "vote" | "model";
  /** Undefined for the vote. */
  readonly member: MemberId | undefined;
  readonly targets: readonly Target[];
  /** What is known of a model. */
  readonly model?: {
    readonly registered: RegisteredModel;
    readonly inference: Inference;
    readonly forecaster: ModelForecaster;
  };
}

export interface Unusable {
  readonly name: string;
  readonly reason: string;
}

/** Horizons below this are of ticks, others of closed minutes. */
const TICK_HORIZON_MAX = MICROS_PER_MINUTE;
const TICK_HORIZONS = [5 * MICROS_PER_SECOND];
/** At once, and entered a second later. */
const DELAYS = [0, MICROS_PER_SECOND];
const MINUTE_HORIZONS = [5, 15, 60].map((minutes) => minutes * MICROS_PER_MINUTE);

export function targetName({ event, horizonMicros, delayMicros }: Target): string {
  const horizon =
    horizonMicros < MICROS_PER_MINUTE
      ? `${horizonMicros / MICROS_PER_SECOND} s`
      : `${horizonMicros / MICROS_PER_MINUTE} min`;
  return `${event} ${horizon}${delayMicros > 0 ? `, entered ${delayMicros / MICROS_PER_SECOND} s later` : ""}`;
}

/** Rule members, as they are asked live: those of ticks at ticks and minutes, those of bars at minutes alone. */
export function ruleSubjects(): Subject[] {
  return ruleForecasters().map(({ member, cadence }) => ({
    name: member,
    kind: "rule",
    member,
    targets: [...(cadence === "tick" ? tickTargets(TICK_HORIZONS) : []), ...minuteTargets()],
  }));
}

/** The vote as it is acted on, and where it is re-calibrated while it trades what it was before. */
export function voteSubjects(preset: PresetName): Subject[] {
  const vote: Subject = {
    name: `vote (${preset})`,
    kind: "vote",
    member: undefined,
    targets: [...tickTargets(TICK_HORIZONS), ...minuteTargets()],
  };
  if (PRESETS[preset].wantsRecalibration !== true) return [vote];
  return [vote, { ...vote, name: `vote (${preset}), not re-calibrated`, targets: minuteTargets() }];
}

function minuteTargets(): Target[] {
  return MINUTE_HORIZONS.map((horizonMicros) => ({
    rows: "minute",
    event: "up",
    horizonMicros,
    delayMicros: 0,
  }));
}

function tickTargets(horizonsMicros: readonly number[]): Target[] {
  return horizonsMicros.flatMap((horizonMicros) =>
    DELAYS.map((delayMicros) => ({
      rows: "tick" as const,
      event: "up" as const,
      horizonMicros,
      delayMicros,
    })),
  );
}

/** Every model that is not retired and can be asked; of the others, why not. */
export function modelSubjects(models: Models): { subjects: Subject[]; unusable: Unusable[] } {
  const subjects: Subject[] = [];
  const unusable: Unusable[] = [];
  for (const registered of models.list()) {
    if (registered.status === "retired") continue;
    const { card } = registered;
    const name = `${card.model} ${card.version}`;
    if (registered.quarantine !== null) {
      unusable.push({ name, reason: `it is in quarantine: ${registered.quarantine.reason}` });
      continue;
    }
    const targets = targetsOf(card);
    if (typeof targets === "string") {
      unusable.push({ name, reason: targets });
      continue;
    }
    const inference = inferenceOf(models, card);
    if (!inference.ok) unusable.push({ name, reason: `${inference.code}: ${inference.message}` });
    else {
      const forecaster = new ModelForecaster(inference.value);
      const model = { registered, inference: inference.value, forecaster };
      subjects.push({ name, kind: "model", member: card.member, targets, model });
    }
  }
  return { subjects, unusable };
}

function inferenceOf(models: Models, card: ModelCard): Result<Inference, string> {
  const content = models.load(card.model, card.version);
  return content.ok ? openOnnx(content.value, card) : content;
}

/** What its card promises; or why that cannot be judged here. */
function targetsOf(card: ModelCard): Target[] | string {
  const { event, horizonMicros, window, cadence } = card;
  if (cadence === "asynchronous") return "it answers later, by records: it is judged on what was recorded";
  const isWholeMinutes = horizonMicros % MICROS_PER_MINUTE === 0;
  if (horizonMicros < TICK_HORIZON_MAX) {
    if (event !== "up" || window > 1) return "ranges and windows need closed minutes; its horizon is shorter";
    return tickTargets([horizonMicros]);
  }
  if (!isWholeMinutes) return "its horizon is neither below a minute nor whole minutes";
  const median = medianFeature(event, horizonMicros);
  if (median !== undefined && !FEATURE_NAMES.some((known) => known === median)) {
    return `this build has no feature ${median}: it cannot tell whether a range is wide`;
  }
  return [{ rows: "minute", event, horizonMicros, delayMicros: 0 }];
}
