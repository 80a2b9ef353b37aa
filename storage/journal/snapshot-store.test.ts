// A snapshot only ever saves time: a damaged, foreign or too new one is passed over, never misread.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MICROS_PER_DAY } from "../../actors/base/clock.ts";
import type { Snapshot, SnapshotQuery } from "../../actors/ports/snapshots.ts";
import { FileSnapshotStore } from "./snapshot-store.ts";

const ACTOR = "symbol/EURUSD";
const LAYOUT = "symbol-7";
const ERA_SEQ = 4;
const ANY_SEQ = Number.MAX_SAFE_INTEGER;
/** A Monday, 00:00 UTC. */
const MONDAY_MICROS = 20_000 * MICROS_PER_DAY;

let folder = "";
let durableSeq = ANY_SEQ;
let problems: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickforge-snapshots-"));
  durableSeq = ANY_SEQ;
  problems = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function openStore(flush: () => Promise<void> = async () => {}): FileSnapshotStore {
  return new FileSnapshotStore({
    directory: folder,
    durableSeq: () => durableSeq,
    flush,
    onProblem: (message) => problems.push(message),
  });
}

function snapshotAt(appliedSeq: number, changes: Partial<Snapshot> = {}): Snapshot {
  return {
    actor: ACTOR,
    layout: LAYOUT,
    eraSeq: ERA_SEQ,
    appliedSeq,
    timeMicros: MONDAY_MICROS + appliedSeq,
    state: Float64Array.of(appliedSeq, Number.NaN, -0, 1e300),
    ...changes,
  };
}

function query(changes: Partial<SnapshotQuery> = {}): SnapshotQuery {
  return {
    actor: ACTOR,
    layout: LAYOUT,
    eraSeq: ERA_SEQ,
    atLeastSeq: 0,
    atMostSeq: ANY_SEQ,
    first: "newest",
    ...changes,
  };
}

async function store(...snapshots: Snapshot[]): Promise<FileSnapshotStore> {
  const opened = openStore();
  for (const snapshot of snapshots) {
    opened.save(snapshot);
    await opened.flush();
  }
  return opened;
}

function actorFolder(): string {
  return join(folder, encodeURIComponent(ACTOR));
}

function files(): string[] {
  return readdirSync(actorFolder()).sort();
}

function storedSeqs(): number[] {
  return files().map((name) => Number(name.slice(0, 20)));
}

describe("load", () => {
  test("gives back the newest, bit for bit", async () => {
    await store(snapshotAt(10), snapshotAt(20));
    const { state, ...header } = openStore().load(query())!;
    const { state: stateSaved, ...headerSaved } = snapshotAt(20);
    expect(header).toEqual(headerSaved);
    expect(new Uint8Array(state.buffer)).toEqual(new Uint8Array(stateSaved.buffer));
  });

  const cases: { name: string; asked: Partial<SnapshotQuery>; seq: number | undefined }[] = [
    { name: "one that stands exactly there", asked: { atMostSeq: 20 }, seq: 20 },
    { name: "none that is too new", asked: { atMostSeq: 19 }, seq: 10 },
    { name: "nothing before the first", asked: { atMostSeq: 9 }, seq: undefined },
    { name: "the oldest, where that is asked for", asked: { first: "oldest" }, seq: 10 },
    { name: "none that is too old", asked: { first: "oldest", atLeastSeq: 11 }, seq: 20 },
    { name: "none of another layout", asked: { layout: "symbol-8" }, seq: undefined },
    { name: "none of another era", asked: { eraSeq: ERA_SEQ + 1 }, seq: undefined },
    { name: "none of another actor", asked: { actor: "symbol/EUR" }, seq: undefined },
  ];
  for (const { name, asked, seq } of cases) {
    test(`gives ${name}`, async () => {
      const opened = await store(snapshotAt(10), snapshotAt(20));
      expect(opened.load(query(asked))?.appliedSeq).toBe(seq);
      expect(problems).toEqual([]);
    });
  }

  test("an older layout is found behind a newer one", async () => {
    const opened = await store(snapshotAt(10), snapshotAt(20, { layout: "symbol-8" }));
    expect(opened.load(query())?.appliedSeq).toBe(10);
  });

  test("a flipped bit anywhere falls back to the older one and says so", async () => {
    const opened = await store(snapshotAt(10), snapshotAt(20));
    const path = join(actorFolder(), files()[1]!);
    const intact = readFileSync(path);
    for (let at = 0; at < intact.length; at += 3) {
      const flipped = Buffer.from(intact);
      flipped[at]! ^= 1 << (at % 8);
      writeFileSync(path, flipped);
      problems = [];
      expect(opened.load(query())?.appliedSeq).toBe(10);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(path);
    }
  });

  test("a file that was cut short falls back to the older one", async () => {
    const opened = await store(snapshotAt(10), snapshotAt(20));
    const path = join(actorFolder(), files()[1]!);
    const intact = readFileSync(path);
    for (const bytes of [0, 7, 43, intact.length - 1]) {
      writeFileSync(path, intact.subarray(0, bytes));
      expect(opened.load(query())?.appliedSeq).toBe(10);
    }
  });

  test("a snapshot under another actor's name is not taken", async () => {
    const opened = await store(snapshotAt(10), snapshotAt(20));
    const other = snapshotAt(30, { actor: "symbol/GBPUSD" });
    opened.save(other);
    await opened.flush();
    const otherFolder = join(folder, encodeURIComponent(other.actor));
    const name = readdirSync(otherFolder)[0]!;
    writeFileSync(join(actorFolder(), name), readFileSync(join(otherFolder, name)));
    expect(opened.load(query())?.appliedSeq).toBe(20);
  });
});

describe("save", () => {
  test("what a crash left half written is neither loaded nor in the way", async () => {
    const opened = await store(snapshotAt(10));
    writeFileSync(join(actorFolder(), "writing.tmp"), "half a snap");
    expect(opened.load(query())?.appliedSeq).toBe(10);
    opened.save(snapshotAt(20));
    await opened.flush();
    expect(opened.load(query())?.appliedSeq).toBe(20);
    expect(files()).not.toContain("writing.tmp");
  });

  test("waits until the journal is durable up to there", async () => {
    durableSeq = 5;
    const flushed = Promise.withResolvers<void>();
    const opened = openStore(() => flushed.promise);
    opened.save(snapshotAt(10));
    await new Promise((resolve) => setImmediate(resolve));
    expect(opened.load(query())).toBeUndefined();
    durableSeq = 10;
    flushed.resolve();
    await opened.flush();
    expect(opened.load(query())?.appliedSeq).toBe(10);
  });

  for (const [name, flush] of [
    ["whose journal failed", async () => await Promise.reject(new Error("disk full"))],
    ["whose journal did not get there", async () => {}],
  ] as const) {
    test(`a snapshot ${name} is not stored, and the next one is`, async () => {
      durableSeq = 5;
      const opened = openStore(flush);
      opened.save(snapshotAt(10));
      await opened.flush();
      expect(opened.load(query())).toBeUndefined();
      expect(problems).toHaveLength(1);
      durableSeq = 20;
      opened.save(snapshotAt(20));
      await opened.flush();
      expect(opened.load(query())?.appliedSeq).toBe(20);
    });
  }

  test("says when it is stored, and nothing of one that is not", async () => {
    const said: string[] = [];
    const opened = openStore();
    opened.save(snapshotAt(10), () => said.push("10"));
    opened.save(snapshotAt(11), () => said.push("11"));
    expect(said).toEqual([]);
    await opened.flush();
    durableSeq = 15;
    opened.save(snapshotAt(20), () => said.push("20"));
    await opened.flush();
    expect(said).toEqual(["11"]);
  });

  test("a newer one replaces the one that still waits", async () => {
    durableSeq = 5;
    const opened = openStore(async () => {
      await Promise.resolve();
      durableSeq = 100;
    });
    const blocking = snapshotAt(10, { actor: "account/paper" });
    opened.save(blocking);
    for (let seq = 11; seq <= 60; seq++) opened.save(snapshotAt(seq));
    await opened.flush();
    expect(storedSeqs()).toEqual([60]);
    expect(opened.load(query({ actor: blocking.actor }))?.appliedSeq).toBe(10);
  });
});

describe("pruning", () => {
  test("keeps the newest three and the first of each of seven days", async () => {
    const opened = openStore();
    for (let day = 0; day < 10; day++) {
      for (let hour = 0; hour < 5; hour++) {
        const timeMicros = MONDAY_MICROS + day * MICROS_PER_DAY + hour * 3_600_000_000;
        opened.save(snapshotAt(day * 100 + hour + 1, { timeMicros }));
        await opened.flush();
      }
    }
    expect(storedSeqs()).toEqual([301, 401, 501, 601, 701, 801, 901, 903, 904, 905]);
  });
});

describe("eras", () => {
  const config = { instruments: [{ symbol: "EURUSD" }], seed: 7 };

  test("are kept, newest first, and one may be kept again", () => {
    const opened = openStore();
    opened.keepEra({ seq: 1, previousSeq: null, config });
    opened.keepEra({ seq: 50, previousSeq: 1, config: { seed: 8 } });
    opened.keepEra({ seq: 50, previousSeq: 1, config: { seed: 9 } });
    expect(openStore().eras()).toEqual([
      { seq: 50, previousSeq: 1, config: { seed: 9 } },
      { seq: 1, previousSeq: null, config },
    ]);
  });

  test("that are damaged are passed over and named", () => {
    const opened = openStore();
    opened.keepEra({ seq: 1, previousSeq: null, config });
    opened.keepEra({ seq: 50, previousSeq: 1, config });
    const name = `era-${"50".padStart(20, "0")}.json`;
    writeFileSync(join(folder, name), '{"seq":50,');
    expect(opened.eras().map(({ seq }) => seq)).toEqual([1]);
    expect(problems.join()).toContain(name);
  });

  test("beyond the newest 64 are forgotten", () => {
    const opened = openStore();
    for (let seq = 1; seq <= 70; seq++)
      opened.keepEra({ seq, previousSeq: seq === 1 ? null : seq - 1, config });
    expect(opened.eras().map(({ seq }) => seq)).toEqual(Array.from({ length: 64 }, (_, i) => 70 - i));
  });
});
