// The mailbox is compared with the plainest model of it: an array, searched and spliced.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { KeyTable } from "./key-table.ts";
import {
  Mailbox,
  type MailboxOptions,
  PUSH_ACCEPTED,
  PUSH_CONFLATED,
  PUSH_DROPPED_OLDEST,
  PUSH_REJECTED,
} from "./mailbox.ts";

interface Message {
  readonly key: number;
  readonly id: number;
}

const keyOf = (message: Message): number => message.key;

function take(mailbox: Mailbox<Message>): number[] {
  const ids: number[] = [];
  for (let message = mailbox.shift(); message !== undefined; message = mailbox.shift()) ids.push(message.id);
  return ids;
}

describe("a full mailbox", () => {
  const cases: { options: MailboxOptions<Message>; outcome: number; left: number[] }[] = [
    { options: { capacity: 3, policy: "reject" }, outcome: PUSH_REJECTED, left: [0, 1, 2] },
    { options: { capacity: 3, policy: "dropOldest" }, outcome: PUSH_DROPPED_OLDEST, left: [1, 2, 3] },
    { options: { capacity: 3, policy: "conflate", keyOf }, outcome: PUSH_REJECTED, left: [0, 1, 2] },
  ];
  for (const { options, outcome, left } of cases) {
    test(`${options.policy}: the fourth of three`, () => {
      const mailbox = new Mailbox<Message>(options);
      for (let id = 0; id < 3; id++) expect(mailbox.push({ key: id, id })).toBe(PUSH_ACCEPTED);
      expect(mailbox.push({ key: 3, id: 3 })).toBe(outcome as typeof PUSH_REJECTED);
      expect(mailbox.size).toBe(3);
      expect(take(mailbox)).toEqual(left);
    });
  }
});

test("conflation keeps the place of the first and the content of the last", () => {
  const mailbox = new Mailbox<Message>({ capacity: 2, policy: "conflate", keyOf });
  mailbox.push({ key: 7, id: 1 });
  mailbox.push({ key: 8, id: 2 });
  expect(mailbox.push({ key: 7, id: 3 })).toBe(PUSH_CONFLATED);
  expect(take(mailbox)).toEqual([3, 2]);
  expect(mailbox.push({ key: 7, id: 4 })).toBe(PUSH_ACCEPTED);
});

test("a mailbox without room for one message, or for too many, is a bug", () => {
  for (const capacity of [0, -1, 1.5, 2 ** 21]) {
    expect(() => new Mailbox({ capacity, policy: "reject" })).toThrow("a mailbox holds 1 to");
  }
});

class Model {
  readonly queue: Message[] = [];
  accepted = 0;
  rejected = 0;
  dropped = 0;
  conflated = 0;
  readonly options: MailboxOptions<Message>;

  constructor(options: MailboxOptions<Message>) {
    this.options = options;
  }

  push(message: Message): number {
    const same =
      this.options.policy === "conflate" ? this.queue.findIndex((other) => other.key === message.key) : -1;
    if (same >= 0) {
      this.queue[same] = message;
      this.accepted++;
      this.conflated++;
      return PUSH_CONFLATED;
    }
    if (this.queue.length < this.options.capacity) {
      this.queue.push(message);
      this.accepted++;
      return PUSH_ACCEPTED;
    }
    if (this.options.policy !== "dropOldest") {
      this.rejected++;
      return PUSH_REJECTED;
    }
    this.queue.shift();
    this.queue.push(message);
    this.accepted++;
    this.dropped++;
    return PUSH_DROPPED_OLDEST;
  }
}

const optionsArbitrary: fc.Arbitrary<MailboxOptions<Message>> = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.constantFrom("reject", "dropOldest", "conflate"))
  .map(([capacity, policy]) => (policy === "conflate" ? { capacity, policy, keyOf } : { capacity, policy }));

/** A key to push, or null to take one out. */
const stepsArbitrary = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: -15, max: 15 }).map((key) => key * 268_435_459) },
    { weight: 2, arbitrary: fc.constant(null) },
  ),
  { maxLength: 300 },
);

test("property: every mailbox does what an array would", () => {
  fc.assert(
    fc.property(optionsArbitrary, stepsArbitrary, (options, steps) => {
      const mailbox = new Mailbox<Message>(options);
      const model = new Model(options);
      for (const [id, key] of steps.entries()) {
        if (key === null) expect(mailbox.shift()).toEqual(model.queue.shift());
        else expect<number>(mailbox.push({ key, id })).toBe(model.push({ key, id }));
        expect(mailbox.size).toBe(model.queue.length);
      }
      const { accepted, rejected, dropped, conflated } = mailbox;
      expect({ accepted, rejected, dropped, conflated }).toEqual({
        accepted: model.accepted,
        rejected: model.rejected,
        dropped: model.dropped,
        conflated: model.conflated,
      });
      expect(take(mailbox)).toEqual(model.queue.map((message) => message.id));
    }),
    { numRuns: 300 },
  );
});

test("property: the key table does what a map would", () => {
  const operations = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 })), { maxLength: 200 });
  fc.assert(
    fc.property(operations, fc.constantFrom(1, 4_294_967_296, -65_536), (steps, stride) => {
      const table = new KeyTable(41);
      const model = new Map<number, number>();
      for (const [step, [adds, small]] of steps.entries()) {
        const key = small * stride;
        if (adds) {
          table.set(key, step);
          model.set(key, step);
        } else {
          table.delete(key);
          model.delete(key);
        }
      }
      for (let small = 0; small <= 40; small++) {
        expect(table.get(small * stride)).toBe(model.get(small * stride) ?? -1);
      }
    }),
    { numRuns: 300 },
  );
});

test("a conflation key that is no integer is a bug", () => {
  const mailbox = new Mailbox<Message>({ capacity: 2, policy: "conflate", keyOf });
  expect(() => mailbox.push({ key: 0.5, id: 1 })).toThrow("a conflation key is an integer");
});
