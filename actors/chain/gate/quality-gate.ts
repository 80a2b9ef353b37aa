// The drift gate of one symbol: members whose answers were worse than none, and those that rest on a manner of quoting that has
// changed, are not listened to until that is over. It decides by what it heard in the journal's order and by nothing else, so a
// replay switches off the same members at the same records.

import type { Archive, Persistent } from "../../base/archive.ts";
import { MICROS_PER_MINUTE, type Micros } from "../../base/clock.ts";
import type { Bar } from "../../domain/bar.ts";
import { type MemberId, MEMBERS } from "../../domain/prediction.ts";
import type { Quote } from "../../domain/quote.ts";
import type { Ballot } from "../ballot.ts";
import type { Preset } from "../presets.ts";
import { isWatchable } from "./answer-follower.ts";
import { HORIZON_DEFAULT_MICROS, HORIZON_OF_MICROS } from "./limits.ts";
import { MemberWatch, type WatchedMember } from "./member-watch.ts";
import { MinuteTurn } from "./minute-turn.ts";
import { QuotingWatch } from "./quoting-watch.ts";

/** `answers`: its settled answers were worse than none. `quoting`: the symbol is quoted in another manner than usual. */
export type OffReason = "answers" | "quoting";

export interface SwitchedOff {
  readonly member: MemberId;
  readonly why: OffReason;
}

/** Rule members that are asked at every tick. */
const TICK_RULES: ReadonlySet<MemberId> = new Set(["technical", "quantum"]);

const NOBODY: readonly SwitchedOff[] = [];

export class QualityGate {
  readonly #members: readonly MemberWatch[];
  /** Of those, the ones that closed minutes settle, and the ones that quotes do. */
  readonly #ofMinutes: readonly MemberWatch[];
  readonly #ofQuotes: readonly MemberWatch[];
  readonly #quoting = new QuotingWatch();
  /** Some member was switched on or off since the ballot was told; so it counts after a load. */
  #isNews = true;
  readonly #turn = new MinuteTurn();
  #isVoteWhole = true;

  constructor(preset: Preset) {
    this.#members = watchedOf(preset).map((watched) => new MemberWatch(watched));
    this.#ofMinutes = this.#members.filter(({ settlesByMinutes }) => settlesByMinutes);
    this.#ofQuotes = this.#members.filter(({ settlesByMinutes }) => !settlesByMinutes);
  }

  /** Allocates where there are any. */
  get switchedOff(): readonly SwitchedOff[] {
    let off: SwitchedOff[] | undefined;
    for (let i = 0; i < this.#members.length; i++) {
      const watch = this.#members[i] as MemberWatch;
      const why = this.#whyOff(watch);
      if (why !== undefined) (off ??= []).push({ member: watch.watched.member, why });
    }
    return off ?? NOBODY;
  }

  /** Whether everybody who has a weight is listened to; as of the last {@link watch}. */
  get isVoteWhole(): boolean {
    return this.#isVoteWhole;
  }

  get quoting(): { readonly latest: number; readonly usual: number } {
    return this.#quoting;
  }

  /**
   * A valid quote; after the bars that it closed.
   * @param wentOn whether it moved the mid on in the direction it last took, 1 or 0; NaN where neither
   */
  onQuote(quote: Quote, wentOn: number): void {
    if (!Number.isNaN(wentOn) && this.#quoting.onChange(wentOn)) this.#isNews = true;
    for (let i = 0; i < this.#ofQuotes.length; i++) {
      if ((this.#ofQuotes[i] as MemberWatch).onQuote(quote)) this.#isNews = true;
    }
  }

  /** A minute closed. */
  onMinute(bar: Bar): void {
    const closeMicros = bar.openTimeMicros + MICROS_PER_MINUTE;
    this.#turn.close(closeMicros);
    for (let i = 0; i < this.#ofMinutes.length; i++) {
      if ((this.#ofMinutes[i] as MemberWatch).onMinute(closeMicros, bar)) this.#isNews = true;
    }
  }

  /** Takes what members say now, where it is their turn, and silences those that are switched off. */
  watch(ballot: Ballot, features: Float64Array, timeMicros: Micros): void {
    if (this.#turn.take(timeMicros)) {
      for (let i = 0; i < this.#ofMinutes.length; i++) {
        (this.#ofMinutes[i] as MemberWatch).take(ballot, features, timeMicros);
      }
    }
    for (let i = 0; i < this.#ofQuotes.length; i++) {
      (this.#ofQuotes[i] as MemberWatch).take(ballot, features, timeMicros);
    }
    if (this.#isNews) this.#tell(ballot);
  }

  /** Members are found by who they are: another model in a member's place begins with a clean record. */
  persist(archive: Archive): void {
    this.#turn.persist(archive);
    this.#quoting.persist(archive);
    archive.parts(new Map<string, Persistent>(this.#members.map((watch) => [nameOf(watch.watched), watch])));
    if (archive.loading) this.#isNews = true;
  }

  #whyOff(watch: MemberWatch): OffReason | undefined {
    if (watch.isOff) return "answers";
    return watch.watched.readsQuotes && this.#quoting.isShifted ? "quoting" : undefined;
  }

  #tell(ballot: Ballot): void {
    this.#isNews = false;
    this.#isVoteWhole = true;
    for (const watch of this.#members) {
      const isOff = this.#whyOff(watch) !== undefined;
      ballot.silence(watch.watched.member, isOff);
      if (isOff && watch.watched.isVoter) this.#isVoteWhole = false;
    }
  }
}

/** Members that have a weight, and those that are listened to for something else: the next seconds, and ranges. */
function watchedOf({ ballot, meta, models = [] }: Preset): WatchedMember[] {
  return MEMBERS.flatMap((member): WatchedMember[] => {
    const model = models.find((each) => each.member === member);
    const hasWeight = (ballot.weights[member] ?? 0) > 0 || (meta?.weights[member] ?? 0) !== 0;
    const isListenedTo = model !== undefined && (member === "fast" || model.event !== "up");
    const horizonMicros = model?.horizonMicros ?? HORIZON_OF_MICROS[member] ?? HORIZON_DEFAULT_MICROS;
    if (!(hasWeight || isListenedTo) || !isWatchable(horizonMicros)) return [];
    return [
      {
        member,
        name: model?.name ?? "rule",
        event: model?.event ?? "up",
        horizonMicros,
        isCalibrated: model !== undefined,
        isVoter: hasWeight,
        readsQuotes: member === "fast" || model?.cadence === "tick" || TICK_RULES.has(member),
      },
    ];
  });
}

function nameOf({ member, name, event, horizonMicros }: WatchedMember): string {
  return `${member} ${name} ${event} ${horizonMicros}`;
}
