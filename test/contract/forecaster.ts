// What every member of the ensemble has to keep, whatever it is inside: asked with the features of a market that warms up, moves
// and breaks off, it says a probability or nothing, the same every time, and goes on after a crash as if there had been none.

import { beforeAll, describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../../actors/base/archive.ts";
import { FEATURE_COUNT } from "../../actors/domain/features.ts";
import { MEMBERS } from "../../actors/domain/prediction.ts";
import { ABSTAIN, type ForecastInput, type Forecaster } from "../../actors/ports/forecaster.ts";
import { MinuteHistory } from "../../actors/symbol/minute-history.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { makeRig, play, simulatedTicks } from "../fixtures/engine-rig.ts";

const TICKS = 12_000;
/** Every so many ticks a symbol's features are taken down. */
const EVERY = 6;

function recordedInputs(): ForecastInput[] {
  const rig = makeRig({ journal: new MemoryJournal({ keep: false }) });
  const ticks = simulatedTicks({ seed: 3, count: TICKS, ticksPerSecond: 0.5 });
  rig.live.begin(1, ticks[0]?.sourceTimeMicros ?? 0);
  const inputs: ForecastInput[] = [];
  for (let from = 0; from < ticks.length; from += EVERY) {
    const portion = ticks.slice(from, from + EVERY);
    play(rig, portion);
    const features = rig.engine.symbol(0)?.chain.features.vector.slice();
    const timeMicros = portion.at(-1)?.sourceTimeMicros ?? 0;
    if (features !== undefined) inputs.push({ features, timeMicros, instrumentId: 0 });
  }
  return inputs;
}

/** Features as no market has them, each a vector of its own. */
function brokenInputs(timeMicros: number): ForecastInput[] {
  const values = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e308,
    -1e308,
    5e-324,
    0,
    -0,
  ];
  return values.map((value) => ({
    features: new Float64Array(FEATURE_COUNT).fill(value),
    timeMicros,
    instrumentId: 0,
  }));
}

/** Each time is the close of a minute to members that read such. */
function answersOf(member: Forecaster, asked: readonly ForecastInput[]): number[] {
  const minutes = new MinuteHistory(Math.max(1, member.minutesRead ?? 0));
  return asked.map((input) => {
    minutes.push(input.features, input.timeMicros);
    return member.forecast({ ...input, minutes });
  });
}

/**
 * @param make the member, fresh
 * @param options.keepsStill whether a walk, which has no order in it, leaves it nothing to say
 */
export function describeForecaster(
  name: string,
  make: () => Forecaster,
  { keepsStill = false }: { keepsStill?: boolean } = {},
): void {
  describe(`forecaster: ${name}`, () => {
    let inputs: readonly ForecastInput[] = [];

    beforeAll(() => {
      inputs = recordedInputs();
    });

    test("has a name of the list, a deadline and a life of its votes", () => {
      const { member, deadlineMicros, voteLifeMicros, cadence } = make();
      expect(MEMBERS).toContain(member);
      expect(deadlineMicros).toBeGreaterThan(0);
      expect(voteLifeMicros).toBeGreaterThan(0);
      expect(["tick", "bar-close", "asynchronous"]).toContain(cadence);
    });

    test("says a probability or nothing, and both do happen", () => {
      const answers = answersOf(make(), inputs);
      for (const answer of answers) expect(answer === ABSTAIN || (answer > 0 && answer < 1)).toBe(true);
      expect(answers).toContain(ABSTAIN);
      if (!keepsStill) expect(new Set(answers).size).toBeGreaterThan(10);
    });

    test("asked with what no market has it says whatever it likes, a failure too, and is itself again", () => {
      const member = make();
      answersOf(member, inputs);
      const broken = answersOf(member, brokenInputs(inputs.at(-1)?.timeMicros ?? 0));
      for (const answer of broken) expect(typeof answer).toBe("number");
      for (const answer of answersOf(member, inputs.slice(-50))) {
        expect(answer === ABSTAIN || (answer > 0 && answer < 1)).toBe(true);
      }
    });

    test("says the same when it is asked the same, and leaves what it is given as it was", () => {
      const bytes = (): string => inputs.map(({ features }) => Buffer.from(features.buffer).toHex()).join("");
      const before = bytes();
      const answers = answersOf(make(), inputs);
      expect(answersOf(make(), inputs)).toEqual(answers);
      expect(bytes() === before).toBe(true);
    });

    test("saved in the middle and loaded it goes on as if nothing had been", () => {
      const middle = Math.floor(inputs.length / 2);
      const whole = make();
      const begun = make();
      answersOf(whole, inputs.slice(0, middle));
      answersOf(begun, inputs.slice(0, middle));
      const saved = new SaveArchive();
      begun.persist(saved);
      const again = make();
      again.persist(new LoadArchive(saved.finish()));
      expect(answersOf(again, inputs.slice(middle))).toEqual(answersOf(whole, inputs.slice(middle)));
    });
  });
}
