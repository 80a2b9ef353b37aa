// The scores of members that are answered beside the tick path on one symbol: external advisers and the market's past. Each answer's
// record says which horizon it claims, and it is scored over that from when it came: before, nobody could have acted on it.

import { type Archive, ArchiveMismatch } from "../../../actors/base/archive.ts";
import { MICROS_PER_MINUTE, type Micros } from "../../../actors/base/clock.ts";
import { type Advice, adviceMember } from "../../../actors/domain/advice.ts";
import type { Bar } from "../../../actors/domain/bar.ts";
import { type AsynchronousMember, isAsynchronous, MEMBERS } from "../../../actors/domain/prediction.ts";
import type { Regime } from "../../../actors/domain/regime.ts";
import type { SubjectQuality } from "../../../actors/ports/model-quality.ts";
import { HORIZON_MINUTES_MAX } from "../../../actors/quality/outcomes.ts";
import { Scorecard, type ScoredMember } from "../../../actors/quality/scorecard.ts";
import { subjectQuality } from "./subject-quality.ts";

/** Directions rest on no feature, and what features do is followed elsewhere. */
const NO_FEATURES = new Float64Array();

export class AskedScores {
  /** A member whose horizon was changed begins anew: answers to another question say nothing of this one. */
  readonly #asked = new Map<AsynchronousMember, Asked>();

  /** A minute closed. */
  onMinute(closeMicros: Micros, bar: Bar): void {
    for (const { card } of this.#asked.values()) card.onMinute(closeMicros, bar);
  }

  /** @param regime in which it came */
  onAdvice(advice: Advice, regime: Regime): void {
    const { timeMicros, status, probabilityUp, horizonMicros } = advice;
    const isScored =
      horizonMicros >= MICROS_PER_MINUTE &&
      horizonMicros <= HORIZON_MINUTES_MAX * MICROS_PER_MINUTE &&
      horizonMicros % MICROS_PER_MINUTE === 0;
    if (!isScored) return;
    const member = adviceMember(advice);
    let asked = this.#asked.get(member);
    if (asked?.horizonMicros !== horizonMicros) {
      asked = new Asked(member, horizonMicros);
      this.#asked.set(member, asked);
    }
    asked.cameAt(timeMicros);
    if (status !== "voted" || !(probabilityUp > 0 && probabilityUp < 1)) return;
    asked.card.onVotes({ timeMicros, votes: [{ member, status, probabilityUp }] }, regime, NO_FEATURES);
  }

  report(): SubjectQuality[] {
    return [...this.#asked.values()].map(({ member, horizonMicros, card }) =>
      subjectQuality(card, { name: member, kind: "asked", member, model: null, event: "up", horizonMicros }),
    );
  }

  persist(archive: Archive): void {
    const kept = [...this.#asked.values()];
    const count = archive.number(kept.length);
    if (archive.loading) this.#asked.clear();
    for (let i = 0; i < count; i++) {
      const number = archive.number(MEMBERS.indexOf(kept[i]?.member ?? MEMBERS[0]));
      const horizonMicros = archive.number(kept[i]?.horizonMicros ?? 0);
      const member = MEMBERS[number];
      if (member === undefined || !isAsynchronous(member))
        throw new ArchiveMismatch("who was asked is not known");
      const asked = archive.loading ? new Asked(member, horizonMicros) : (kept[i] as Asked);
      asked.persist(archive);
      this.#asked.set(member, asked);
    }
  }
}

class Asked implements ScoredMember<string> {
  readonly member: AsynchronousMember;
  readonly event = "up";
  readonly horizonMicros: number;
  readonly medianFeature = -1;
  readonly card: Scorecard<string>;
  /** The least time between two answers so far, but no less than a minute: they come on a grid of the clock, with pauses. */
  everyMicros: Micros;
  #cameMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(member: AsynchronousMember, horizonMicros: number) {
    this.member = member;
    this.horizonMicros = horizonMicros;
    this.everyMicros = horizonMicros;
    this.card = new Scorecard<string>([this], NO_FEATURES.length);
  }

  cameAt(timeMicros: Micros): void {
    const minutes = Math.round((timeMicros - this.#cameMicros) / MICROS_PER_MINUTE);
    this.everyMicros = Math.min(this.everyMicros, Math.max(1, minutes) * MICROS_PER_MINUTE);
    this.#cameMicros = timeMicros;
  }

  persist(archive: Archive): void {
    this.everyMicros = archive.number(this.everyMicros);
    this.#cameMicros = archive.number(this.#cameMicros);
    this.card.persist(archive);
  }
}
