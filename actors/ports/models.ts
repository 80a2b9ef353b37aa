// The registry of trained models: every version that was ever made known, which one counts, and which one counted before. What
// is in it never changes; only its standing does.

import type { Micros } from "../base/clock.ts";
import type { Result } from "../base/result.ts";
import type { MemberId } from "../domain/prediction.ts";

/**
 * `champion` votes; `shadow` is asked and scored without a vote; `retired` is kept and not asked; `quarantined` is not opened until
 * somebody promotes it.
 */
export const MODEL_STATUSES = ["champion", "shadow", "retired", "quarantined"] as const;
export type ModelStatus = (typeof MODEL_STATUSES)[number];

/** Names a model's folder and its column in reports. */
export const MODEL_NAME: RegExp = /^[a-z][a-z0-9-]{0,31}$/;
export const MODEL_VERSION: RegExp = /^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$/;

/** The largest model that is taken: what a trader's machine loads in a moment. */
export const MODEL_BYTES_MAX: number = 64 << 20;
/** Versions of one model that are kept known. */
export const MODEL_VERSIONS_MAX = 256;

export interface ModelTensor {
  readonly name: string;
  /** Null for a dimension that may be of any size. */
  readonly shape: readonly (number | null)[];
}

/**
 * What a model's answer is the probability of, `horizonMicros` from now:
 * - `up`: the mid is higher than now. Rows where it is the same are left out of training and scoring.
 * - `lively`: the range of the mid on the way (high - low of minute bars) is wider than the median such range of the 5 days before.
 * - `slot-lively`: that range is wider than the median of those at the same time of day on the 20 days before.
 */
export const MODEL_EVENTS = ["up", "lively", "slot-lively"] as const;
export type ModelEvent = (typeof MODEL_EVENTS)[number];

/** The longest window of rows that a model may read. */
export const MODEL_WINDOW_MAX = 240;

/** What the output is called that holds a network's last layer but one. */
export const EMBEDDING_OUTPUT = "embedding";
/** The longest embedding that is kept. */
export const EMBEDDING_NUMBERS_MAX = 256;

/** What a model says of itself; training writes it beside the model. */
export interface ModelCard {
  readonly model: string;
  readonly version: string;
  /** ISO 8601. */
  readonly trainedAt: string;
  /** As which member of the ensemble it answers when it is the champion. */
  readonly member: MemberId;
  readonly event: ModelEvent;
  /** The instruments it was trained for; null for any. One that names an instrument goes before one for any. */
  readonly symbols: readonly string[] | null;
  /** Of the features it was trained on: another engine's are refused. */
  readonly featureSchema: string;
  /** The columns of its input, in their order. */
  readonly features: readonly string[];
  /** Rows of its input, the oldest first: 1 for the present one, more for that many closed minutes in a row. */
  readonly window: number;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  readonly cadence: "tick" | "bar-close" | "asynchronous";
  readonly horizonMicros: Micros;
  /** How long it may take, judged when it is done, and how long its vote counts. */
  readonly deadlineMicros: number;
  readonly voteLifeMicros: number;
  /** Whether it was trained with features missing: NaN is a value to it. */
  readonly acceptsMissing: boolean;
  /** Older than this, it no longer votes; null for never. */
  readonly expiresAfterMicros: number | null;
  /** Data, splits, metrics, limits: for people and reports. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** How good a model was on rows it was not trained on; null where its card does not say. */
export interface HoldoutFigures {
  readonly rows: number | null;
  readonly baseRate: number | null;
  readonly accuracy: number | null;
  readonly auc: number | null;
  readonly brier: number | null;
  readonly brierSkill: number | null;
  readonly ece: number | null;
  readonly logLoss: number | null;
}

/** From then on it may not vote; Infinity for one that may for ever. */
export function modelExpiryMicros({ trainedAt, expiresAfterMicros }: ModelCard): Micros {
  return expiresAfterMicros === null
    ? Number.POSITIVE_INFINITY
    : Date.parse(trainedAt) * 1_000 + expiresAfterMicros;
}

export interface RegisteredModel {
  readonly card: ModelCard;
  /** Of its bytes, hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly status: ModelStatus;
  readonly registeredMicros: Micros;
  /** What it did that nobody may open it; null for one that did nothing. */
  readonly quarantine: Quarantine | null;
}

/** Why a version may not be opened, and since when. */
export interface Quarantine {
  readonly reason: string;
  readonly atMicros: Micros;
}

/** Who made which version count, and when. */
export interface Promotion {
  readonly version: string;
  readonly by: string;
  readonly atMicros: Micros;
}

/** Who put which version away, and when. */
export type Retirement = Promotion;

export const MODEL_FAILURES = [
  "unknown-model",
  /** The version is known with other bytes or another card. */
  "taken",
  "card-invalid",
  "too-large",
  "too-many-versions",
  /** What is stored is not what was registered. */
  "model-damaged",
  "no-earlier-champion",
  /** The version votes now: promote another one first. */
  "is-champion",
  /** The version was put away: it votes again only for whoever means it. */
  "is-retired",
  "registry-unwritable",
] as const;
export type ModelFailure = (typeof MODEL_FAILURES)[number];

/** Every write is there once it has answered, and may come twice. */
export interface Models {
  /** Makes a version known, as a shadow. */
  register(content: Uint8Array, card: ModelCard, atMicros: Micros): Result<RegisteredModel, ModelFailure>;
  /** Of one model or of all, by name, the newest version first. Those that are damaged are left out and told. */
  list(model?: string): readonly RegisteredModel[];
  /** Its bytes, as they were registered. */
  load(model: string, version: string): Result<Uint8Array, ModelFailure>;
  /** The version that votes, of those that may be opened; undefined before the first promotion. */
  champion(model: string): RegisteredModel | undefined;
  /**
   * The version that votes and those before it that could again, the newest first; damaged and quarantined ones may be among
   * them.
   */
  champions(model: string): readonly RegisteredModel[];
  /**
   * Makes a version the champion and what was one a shadow. It may be opened from then on, whatever it did.
   * @param evenRetired takes a version back that was put away
   */
  promote(model: string, promotion: Promotion, evenRetired?: boolean): Result<RegisteredModel, ModelFailure>;
  /** Makes the champion before this one the champion again, of those that may be opened and were not put away. */
  rollback(model: string, by: string, atMicros: Micros): Result<RegisteredModel, ModelFailure>;
  /** Puts a version away. */
  retire(model: string, retirement: Retirement): Result<RegisteredModel, ModelFailure>;
  /** Says that a version must not be opened, whatever it stands for. The last word of several counts. */
  quarantine(model: string, version: string, quarantine: Quarantine): Result<RegisteredModel, ModelFailure>;
  /** Promotions, oldest first; those of going back too. */
  promotions(model: string): readonly Promotion[];
  /** Oldest first. */
  retirements(model: string): readonly Retirement[];
}
