// What members and models turned out to be worth while the system ran: told by whoever follows the journal, read by whoever shows
// it. Figures that are not known are null.

import type { Micros } from "../base/clock.ts";
import type { Forecaster } from "./forecaster.ts";
import type { MemberId } from "../domain/prediction.ts";
import type { Regime } from "../domain/regime.ts";
import type {
  HoldoutFigures,
  ModelCard,
  ModelEvent,
  Promotion,
  RegisteredModel,
  Retirement,
} from "./models.ts";

/** Over the last settled answers. */
export interface QualityFigures {
  readonly rows: number;
  /** About how many of them do not overlap. */
  readonly rowsApart: number;
  readonly baseRate: number;
  readonly accuracy: number;
  /** Its interval at 95 %, as if only rows counted that do not overlap. */
  readonly accuracyLow: number;
  readonly accuracyHigh: number;
  readonly brier: number;
  readonly brierSkill: number | null;
  readonly logLoss: number;
  readonly ece: number;
  readonly auc: number | null;
}

/** Somebody whose answers on one symbol are scored: a rule, who is asked beside the tick path, a model that votes, or one that only might. */
export interface SubjectQuality {
  /** Of a model its name and version. */
  readonly name: string;
  readonly kind: "rule" | "asked" | "champion" | "shadow";
  readonly member: MemberId;
  /** Null of those that are no models. */
  readonly model: { readonly model: string; readonly version: string } | null;
  readonly event: ModelEvent;
  readonly horizonMicros: Micros;
  /** Answers whose outcome is known, of those that are looked back on. */
  readonly settled: number;
  /** Null while those are too few, as the curves are empty then. */
  readonly all: QualityFigures | null;
  readonly regimes: readonly (QualityFigures & { readonly regime: Regime })[];
  readonly calibration: readonly { count: number; said: number; happened: number }[];
  readonly coverage: readonly { coverage: number; count: number; accuracy: number; confidence: number }[];
}

/** How often shadows were asked. */
export interface ShadowCounts {
  readonly asked: number;
  /** Passed over: the journal was far ahead, the time for them was used up, or the row had gone. */
  readonly skipped: number;
  /** Threw, answered nonsense, or are left alone after doing so. */
  readonly failed: number;
}

export interface SymbolQuality {
  readonly symbol: string;
  /** The last record that is in it, and its time. */
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly subjects: readonly SubjectQuality[];
  readonly shadows: ShadowCounts;
  /** The features that moved most from how they first were, by population stability index; empty before there is a day to compare. */
  readonly drift: readonly { readonly feature: string; readonly index: number }[];
}

/** A version that is asked without a vote: one session, whatever the number of symbols. */
export interface Shadow {
  readonly card: ModelCard;
  readonly forecaster: Forecaster;
}

/** The shadows of a registry that is looked at now and then. */
export interface ShadowSource {
  readonly shadows: readonly Shadow[];
  /** Every version that can be read, retired ones too. */
  readonly known: readonly RegisteredModel[];
  /** Looks whether the registry has changed; true where it has. Those that are shadows no more are closed then. */
  refresh(): Promise<boolean>;
}

/** A version of the registry with what its card says of its training. */
export interface KnownModel extends RegisteredModel {
  readonly training: { readonly fromMicros: Micros; readonly untilMicros: Micros } | undefined;
  readonly holdout: HoldoutFigures | undefined;
}

export interface ModelQuality {
  /** Every version that is registered. */
  models(): readonly KnownModel[];
  promotions(model: string): readonly Promotion[];
  retirements(model: string): readonly Retirement[];
  /** Of every symbol that has been heard of; those that cannot be read are left out. */
  symbols(): Promise<readonly SymbolQuality[]>;
}
