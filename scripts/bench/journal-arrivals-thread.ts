// The clients' thread: sleeps until the next tick is due, never for the sake of those it sends to.

import { raiseThreadPriority } from "../../storage/journal/thread-priority.ts";
import {
  ARRIVED_WORD,
  type ArrivalsMemory,
  clockMilliseconds,
  NOTIFIED_WORD,
  ROUND_TICKS_WORD,
} from "./journal-arrivals.ts";

/** First of all: real clients have machines of their own. */
const CLIENTS_NICENESS = -20;
/** Time for the round's begin to be heard of before its first tick. */
const START_MILLISECONDS = 2;

declare const self: {
  onmessage: ((event: { data: ArrivalsMemory }) => void) | null;
  postMessage: (word: number) => void;
};

self.onmessage = ({ data }) => {
  raiseThreadPriority(CLIENTS_NICENESS);
  for (;;) {
    Atomics.wait(data.control, ROUND_TICKS_WORD, 0);
    sendRound(data);
  }
};

function sendRound({ control, dueAt, sentAt }: ArrivalsMemory): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const ticks = Atomics.exchange(control, ROUND_TICKS_WORD, 0);
  const begin = clockMilliseconds() + START_MILLISECONDS;
  for (let i = 0; i < ticks; i++) dueAt[i] = (dueAt[i] as number) + begin;
  let sent = 0;
  while (sent < ticks) {
    const early = (dueAt[sent] as number) - clockMilliseconds();
    // A timed wait ends some tens of microseconds late; spinning instead would take a processor from those it measures.
    if (early > 0) Atomics.wait(never, 0, 0, early);
    const now = clockMilliseconds();
    while (sent < ticks && (dueAt[sent] as number) <= now) sentAt[sent++] = now;
    Atomics.store(control, ARRIVED_WORD, sent);
    if (Atomics.compareExchange(control, NOTIFIED_WORD, 0, 1) === 0) self.postMessage(0);
  }
}
