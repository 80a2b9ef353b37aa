// How long an order takes, stage by stage, from the tick that caused it to the broker's answer. The terminal's stages are by its own
// clock; what lies between the two clocks is mapped by heartbeats, which know a way only together with its way back.

import { MICROS_PER_MILLISECOND } from "../../../actors/base/clock.ts";
import { LatencyHistogram } from "../../../actors/base/histogram.ts";
import type { OrderIntent } from "../../../actors/domain/order.ts";
import type { ClockMap } from "../clocks.ts";
import type { ExecutionFrame } from "./reports.ts";
import { Remembered } from "./remembered.ts";

/**
 * `decision`: from the tick's arrival to the intent. `durable`: until it is on disk and its frame on the socket. `transport`: to the
 * terminal. `terminal`: until it is sent to the broker. `broker`: until the broker has answered. `back`: until we have heard it.
 * `total`: from the tick to that.
 */
export const STAGES = ["decision", "durable", "transport", "terminal", "broker", "back", "total"] as const;
type Stage = (typeof STAGES)[number];

/** Orders on their way. */
const TRACKED_MAX = 1_000;

interface Track {
  readonly tickMicros: number;
  readonly decidedMicros: number;
  sentMicros: number;
}

export class Stages {
  readonly histograms: Readonly<Record<Stage, LatencyHistogram>> = {
    decision: new LatencyHistogram(),
    durable: new LatencyHistogram(),
    transport: new LatencyHistogram(),
    terminal: new LatencyHistogram(),
    broker: new LatencyHistogram(),
    back: new LatencyHistogram(),
    total: new LatencyHistogram(),
  };
  readonly #tracks = new Remembered<Track>(TRACKED_MAX);

  intended(intent: OrderIntent, nowMicros: number): void {
    const { intentId, timeMicros: tickMicros } = intent;
    this.histograms.decision.record(Math.max(0, nowMicros - tickMicros));
    this.#tracks.set(intentId, { tickMicros, decidedMicros: nowMicros, sentMicros: Number.NaN });
  }

  sent(intentId: string, nowMicros: number): void {
    const track = this.#tracks.get(intentId);
    if (track === undefined) return;
    track.sentMicros = nowMicros;
    this.histograms.durable.record(nowMicros - track.decidedMicros);
  }

  answered(frame: ExecutionFrame, clock: ClockMap, nowMicros: number): void {
    const track = this.#tracks.get(frame.intentId);
    if (track === undefined || frame.source !== "answer") return;
    this.#tracks.delete(frame.intentId);
    const { histograms } = this;
    const { receivedMonotonicMs, sentMonotonicMs, answeredMonotonicMs } = frame;
    const receivedMicros = clock.serverMs(receivedMonotonicMs) * MICROS_PER_MILLISECOND;
    histograms.transport.record(Math.max(0, receivedMicros - track.sentMicros));
    histograms.terminal.record((sentMonotonicMs - receivedMonotonicMs) * MICROS_PER_MILLISECOND);
    histograms.broker.record((answeredMonotonicMs - sentMonotonicMs) * MICROS_PER_MILLISECOND);
    histograms.back.record(
      clock.delayMs(answeredMonotonicMs, nowMicros / MICROS_PER_MILLISECOND) * MICROS_PER_MILLISECOND,
    );
    histograms.total.record(nowMicros - track.tickMicros);
  }
}
