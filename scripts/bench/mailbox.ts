// What a message costs: an actor of the real system against a bare ring loop with the same handler, and against nact.
// All contenders take turns in one process and the medians are compared, since machines differ and drift.

import { heapStats } from "bun:jsc";
import { dispatch, spawnStateless, start, stop } from "nact";
import { type Clock, VirtualClock } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { RingQueue } from "../../actors/base/ring.ts";
import type { Actor, ActorRef } from "../../actors/runtime/actor.ts";
import { ActorSystem } from "../../actors/runtime/actor-system.ts";

export interface BenchRow {
  readonly name: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline?: number;
  readonly ratio?: number;
}

const BATCH_MESSAGES = 1_024;
const BATCHES = 2_000;
const NACT_MESSAGES = 20_000;
const ROUNDS = 9;
const MANY_ACTORS = 64;
const ALLOCATION_STRETCHES = 16;
const ALLOCATION_STRETCH_BATCHES = 64;
const NANOSECONDS_PER_SECOND = 1e9;

interface Message {
  readonly value: number;
}

const messages: readonly Message[] = Array.from({ length: BATCH_MESSAGES }, (_, value) => ({ value }));

/** The handler every contender runs. */
class Adder implements Actor<Message> {
  sum = 0;

  receive(message: Message): void {
    this.sum += message.value;
  }
}

const stopwatch: Clock = { nowMicros: () => performance.now() * 1_000 };

function newSystem(): ActorSystem {
  return new ActorSystem({ scheduler: new VirtualClock(), random: new SeededRandom(1), stopwatch });
}

const mailbox = { capacity: BATCH_MESSAGES, policy: "reject" } as const;

interface Contender {
  readonly sum: () => number;
  readonly run: (batches: number) => void;
}

/** `count` bare rings, each given its share of a batch. */
function bareRings(count: number): Contender {
  const adders = Array.from({ length: count }, () => new Adder());
  const rings = adders.map(() => new RingQueue<Message>(BATCH_MESSAGES));
  const share = BATCH_MESSAGES / count;
  const run = (batches: number): void => {
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < count; i++) {
        const ring = rings[i] as RingQueue<Message>;
        for (let at = i * share; at < (i + 1) * share; at++) ring.push(messages[at] as Message);
      }
      for (let i = 0; i < count; i++) drain(rings[i] as RingQueue<Message>, adders[i] as Adder);
    }
  };
  return { run, sum: () => adders.reduce((sum, adder) => sum + adder.sum, 0) };
}

function drain(ring: RingQueue<Message>, adder: Adder): void {
  for (let message = ring.shift(); message !== undefined; message = ring.shift()) adder.receive(message);
}

/** The same over `count` actors of one system. */
function actors(count: number): Contender {
  const system = newSystem();
  const adders = Array.from({ length: count }, () => new Adder());
  const refs = adders.map((adder, i) => system.spawn(`adder/${i}`, () => adder, { mailbox }));
  const share = BATCH_MESSAGES / count;
  const run = (batches: number): void => {
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < count; i++) {
        const ref = refs[i] as ActorRef<Message>;
        for (let at = i * share; at < (i + 1) * share; at++) ref.tell(messages[at] as Message);
      }
      system.runUntilIdle();
    }
  };
  return { run, sum: () => adders.reduce((sum, adder) => sum + adder.sum, 0) };
}

function messagesPerSecond(contender: Contender, batches: number): number {
  const sumBefore = contender.sum();
  const startNanos = Bun.nanoseconds();
  contender.run(batches);
  const tookNanos = Bun.nanoseconds() - startNanos;
  const sumExpected = (batches * BATCH_MESSAGES * (BATCH_MESSAGES - 1)) / 2;
  if (contender.sum() - sumBefore !== sumExpected) throw new Error("a contender lost messages");
  return (batches * BATCH_MESSAGES * NANOSECONDS_PER_SECOND) / tookNanos;
}

/** nact handles one message per turn of the event loop. */
async function nactMessagesPerSecond(): Promise<number> {
  const system = start();
  const adder = new Adder();
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = NACT_MESSAGES;
  const ref = spawnStateless(
    system,
    (message: Message) => {
      adder.receive(message);
      if (--left === 0) resolve();
    },
    "adder",
  );
  const startNanos = Bun.nanoseconds();
  for (let i = 0; i < NACT_MESSAGES; i++) dispatch(ref, messages[i % BATCH_MESSAGES] as Message);
  await promise;
  const tookNanos = Bun.nanoseconds() - startNanos;
  stop(system);
  return (NACT_MESSAGES * NANOSECONDS_PER_SECOND) / tookNanos;
}

/**
 * Heap growth while messages pass. New objects show in the heap's capacity until a collection, so the meter collects
 * first and then looks at stretches too short to start another.
 */
function bytesPerMessage(run: (batches: number) => void): number {
  let grownBytes = 0;
  for (let stretch = 0; stretch < ALLOCATION_STRETCHES; stretch++) {
    Bun.gc(true);
    const before = heapStats();
    run(ALLOCATION_STRETCH_BATCHES);
    grownBytes += Math.max(0, heapStats().heapCapacity - before.heapCapacity);
  }
  return grownBytes / (ALLOCATION_STRETCHES * ALLOCATION_STRETCH_BATCHES * BATCH_MESSAGES);
}

/** What the meter must see: a ring loop with one small object a message. */
function allocatingRing(): (batches: number) => void {
  const ring = new RingQueue<Message>(BATCH_MESSAGES);
  const adder = new Adder();
  return (batches) => {
    for (let batch = 0; batch < batches; batch++) {
      for (let value = 0; value < BATCH_MESSAGES; value++) ring.push({ value });
      drain(ring, adder);
    }
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

export async function bench(emit: (row: BenchRow) => void): Promise<void> {
  const contenders = [bareRings(1), actors(1), bareRings(MANY_ACTORS), actors(MANY_ACTORS)];
  const rates = contenders.map((): number[] => []);
  const nactRates: number[] = [];
  for (const contender of contenders) messagesPerSecond(contender, BATCHES / 4);
  await nactMessagesPerSecond();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, contender] of contenders.entries()) rates[i]?.push(messagesPerSecond(contender, BATCHES));
    nactRates.push(await nactMessagesPerSecond());
  }
  const [ring = 0, actor = 0, rings = 0, many = 0] = rates.map(median);
  const compare = (metric: string, value: number, baseline: number): void => {
    emit({ name: "mailbox", metric, value, unit: "messages/s", baseline, ratio: value / baseline });
  };
  compare("one actor vs a bare ring loop", actor, ring);
  compare("one actor vs nact", actor, median(nactRates));
  compare(`${MANY_ACTORS} actors vs ${MANY_ACTORS} bare rings`, many, rings);
  const allocating = allocatingRing();
  allocating(BATCHES / 4);
  const seen = bytesPerMessage(allocating);
  if (seen < 8)
    throw new Error("the allocation meter does not see one object a message: its figures mean nothing");
  for (const [i, metric] of [
    [1, "heap growth, one actor"],
    [3, `heap growth, ${MANY_ACTORS} actors`],
  ] as const) {
    const contender = contenders[i];
    if (contender === undefined) continue;
    const value = bytesPerMessage(contender.run);
    emit({ name: "mailbox", metric, value, unit: "bytes/message", baseline: seen, ratio: value / seen });
  }
}

if (import.meta.main) await bench((row) => console.log(JSON.stringify(row)));
