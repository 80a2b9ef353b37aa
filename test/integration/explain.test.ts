// A dossier says what the journal says: whichever part of a trade is named, the same story; its figures those of the records;
// its features those the live actors had.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import type { Advice } from "../../actors/domain/advice.ts";
import { FEATURE_NAMES } from "../../actors/domain/features.ts";
import type { Execution, OrderIntent } from "../../actors/domain/order.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { IncomingAdvice } from "../../actors/router.ts";
import { type Dossier, dossierSchema } from "../../edge/explain/dossier.ts";
import { lineageSchema, mermaidOf } from "../../edge/explain/lineage.ts";
import { dossierPage } from "../../edge/explain/page.ts";
import { dossierLines } from "../../edge/explain/terminal.ts";
import { playTick } from "../../edge/play.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { journalRecords } from "../fixtures/journal-records.ts";
import { simulatedTicks } from "../fixtures/engine-rig.ts";

let rig: EdgeRig;
let records: readonly JournalRecord[];
/** Feature vectors of the live actors as each tick was decided on, by the tick's sequence. */
const lived = new Map<number, Record<string, number>>();

const ADVISE_EVERY = 50;

/** What an adviser said in words that a page must not take for its own. */
function adviceOn(instrumentId: number, askedMicros: number, turn: number): IncomingAdvice {
  const answer = { adviser: "stub", model: "m", failure: "", cached: false, latencyMillis: 5 };
  return {
    instrumentId,
    askedSeq: 1,
    askedMicros,
    horizonMicros: 60 * MICROS_PER_MINUTE,
    status: "voted",
    probabilityUp: 0.6,
    answers: [
      { ...answer, probabilityUp: 0.6, confidence: 0.5, reasons: [`reason <b>${turn}</b>`] },
      { ...answer, adviser: "other", failure: "timeout", probabilityUp: null, confidence: null, reasons: [] },
    ],
  };
}

beforeAll(async () => {
  rig = await startEdge({ clock: "source" });
  const { live, journal } = rig.station;
  let ticks = 0;
  for (const tick of simulatedTicks({ seed: 12, count: 15_000, ticksPerSecond: 4 })) {
    const seq = await playTick(live, journal, tick, tick.sourceTimeMicros);
    if (++ticks % ADVISE_EVERY === 0) {
      live.advise(adviceOn(tick.instrumentId, tick.sourceTimeMicros, ticks), tick.sourceTimeMicros);
    }
    const vector = live.engine.symbol(tick.instrumentId)?.chain.features.vector;
    if (vector === undefined) continue;
    lived.set(
      seq,
      Object.fromEntries(FEATURE_NAMES.map((name, index) => [name, vector[index] ?? Number.NaN])),
    );
  }
  await journal.flush();
  records = journalRecords(journal);
}, 60_000);
afterAll(async () => await rig.stop());

function closedTrade(): { signal: Signal; entry: OrderIntent; exit: OrderIntent; fills: Execution[] } {
  const intents = records.filter((record) => record.kind === "intent");
  const exit = intents.find(
    ({ purpose, positionId }) => purpose === "exit" && positionId !== null,
  ) as OrderIntent;
  const executions = records.filter((record) => record.kind === "execution");
  const opening = executions.find(({ positionId }) => positionId === exit.positionId) as Execution;
  const entry = intents.find(({ intentId }) => intentId === opening.intentId) as OrderIntent;
  const signal = records.find(
    (record) => record.kind === "signal" && record.seq === entry.causeSeq,
  ) as Signal;
  const fills = executions.filter(
    ({ intentId }) => intentId === entry.intentId || intentId === exit.intentId,
  );
  return { signal, entry, exit, fills };
}

async function ask(id: string): Promise<Dossier> {
  const { status, body } = await rig.ask(`/api/v1/explain/${id}`);
  expect(status).toBe(200);
  return dossierSchema.parse(body);
}

describe("a closed trade", () => {
  test("is told the same whichever part of it is named", async () => {
    const { signal, entry, exit, fills } = closedTrade();
    const deal = fills.find(({ dealId }) => dealId !== null);
    const names = [
      `signal:${signal.seq}`,
      String(signal.seq),
      entry.intentId,
      exit.intentId,
      deal?.dealId ?? "",
      exit.positionId ?? "",
    ];
    const [first, ...others] = await inTurn(names);
    for (const other of others) expect({ ...other, id: "" }).toEqual({ ...first, id: "" } as Dossier);
    expect(others).toHaveLength(5);
    expect(first?.orders.map(({ intentId, purpose }) => [intentId, purpose])).toEqual([
      [entry.intentId, "entry"],
      [exit.intentId, "exit"],
    ]);
  }, 60_000);

  test("has the records' figures", async () => {
    const { signal, entry, fills } = closedTrade();
    const dossier = await ask(entry.intentId);
    expect(dossier.signal).toMatchObject({
      seq: signal.seq,
      probabilityUp: signal.probabilityUp,
      regime: signal.regime,
    });
    const weights = dossier.votes.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
    expect(weights).toBeCloseTo(1, 9);
    expect(dossier.orders[0]?.checks).toHaveLength(entry.checks.length);
    expect(dossier.fills.map(({ seq, status }) => [seq, status])).toEqual(
      fills.map(({ seq, status }) => [seq, status]),
    );
    const filled = fills.find(
      ({ intentId, dealId }) => intentId === entry.intentId && dealId !== null,
    ) as Execution;
    const quoted = entry.side === "BUY" ? entry.askPoints : entry.bidPoints;
    const worse = entry.side === "BUY" ? filled.pricePoints - quoted : quoted - filled.pricePoints;
    expect(dossier.fills.find(({ seq }) => seq === filled.seq)?.slippagePoints).toBe(worse);
    const last = dossier.ticks.at(-1);
    expect([last?.seq, dossier.ticks.length]).toEqual([signal.tickSeq, 20]);
    expect(dossier.profit).not.toBeNull();
    expect(dossier.configuration?.sha256).toMatch(/^[0-9a-f]{64}$/);
  }, 30_000);

  test("has what advisers had said of the symbol before it, in their own words", async () => {
    const { signal, entry } = closedTrade();
    const dossier = await ask(entry.intentId);
    const last = records.findLast(
      (record): record is Advice =>
        record.kind === "advice" &&
        record.instrumentId === signal.instrumentId &&
        record.seq < signal.tickSeq,
    ) as Advice;
    expect(dossier.advice).toMatchObject({
      seq: last.seq,
      status: "voted",
      probabilityUp: 0.6,
      horizonMinutes: 60,
      answers: last.answers,
    });
    const turn = /\d+/.exec(last.answers[0]?.reasons[0] ?? "")?.[0] ?? "";
    const lines = dossierLines(dossier, false);
    expect(lines).toContain(`  - reason <b>${turn}</b>`);
    expect(lines).toContain("other (m): timeout");
    expect(dossierPage(dossier)).toContain(`reason &lt;b&gt;${turn}&lt;/b&gt;`);
  }, 30_000);

  test("has the features the live actor had", async () => {
    const { signal, entry } = closedTrade();
    const { features } = await ask(entry.intentId);
    const then = lived.get(signal.tickSeq) ?? {};
    expect(Object.keys(features)).toHaveLength(FEATURE_NAMES.length);
    for (const [name, value] of Object.entries(features)) {
      const live = then[name] ?? Number.NaN;
      expect([name, value]).toEqual([name, Number.isFinite(live) ? live : null]);
    }
  }, 30_000);
});

test("a trade's lineage leads from its tick over votes and signal to its deals and its position, and is drawn", async () => {
  const { signal, entry, exit, fills } = closedTrade();
  const { body } = await rig.ask(`/api/v1/lineage/${exit.intentId}`);
  const lineage = lineageSchema.parse(body);
  const kinds = new Map(lineage.nodes.map(({ id, kind }) => [id, kind]));
  expect(kinds.get(`tick:${signal.tickSeq}`)).toBe("tick");
  const follow = (from: string): string[] =>
    lineage.edges.filter((edge) => edge.from === from).map(({ to }) => to);
  expect(follow(`tick:${signal.tickSeq}`)).toContain(`signal:${signal.seq}`);
  expect(follow(`signal:${signal.seq}`)).toEqual([entry.intentId]);
  const deals = fills.filter(({ dealId }) => dealId !== null);
  for (const { intentId, dealId } of deals) expect(follow(intentId)).toContain(dealId ?? "");
  expect(follow(exit.positionId ?? "")).toContain(exit.intentId);
  expect(lineage.edges.filter(({ relation }) => relation === "votedFor")).toHaveLength(
    signal.components.length,
  );
  const drawn = String((await rig.ask(`/api/v1/lineage/${exit.intentId}?format=mermaid`)).body);
  expect(drawn).toStartWith("flowchart LR\n");
  const evil = {
    ...lineage,
    nodes: [{ id: "x", kind: "deal" as const, label: '"]; click x "javascript:alert(1)"' }],
    edges: [],
  };
  expect(mermaidOf(evil)).toBe('flowchart LR\n  n0["deal: ___ click x _javascript:alert_1__"]\n');
}, 30_000);

test("a refusal is explained by its signal, called as the list of orders has it", async () => {
  const refusal = records.find(
    (record) =>
      record.kind === "refusal" &&
      records.some(({ kind, seq }) => kind === "signal" && seq === record.causeSeq),
  );
  if (refusal?.kind !== "refusal") throw new Error("nothing was refused");
  const dossier = await ask(`refusal-${refusal.seq}`);
  expect(dossier.signal?.seq).toBe(refusal.causeSeq);
  expect(dossier.refusals.map(({ seq }) => seq)).toContain(refusal.seq);
}, 30_000);

test("orders and refusals show what compliance said of them, as its records have it", async () => {
  const { entry, exit } = closedTrade();
  const refused = records.find(
    (record) => record.kind === "pretrade" && record.intentId === null && record.signal !== null,
  );
  const dossiers = await inTurn([
    entry.intentId,
    String(refused?.kind === "pretrade" ? refused.causeSeq : 0),
  ]);
  const shown = [
    ...(dossiers[0]?.orders ?? []).map(({ intentId, compliance }) => [intentId, compliance] as const),
    ...(dossiers[1]?.refusals ?? []).map(({ compliance }) => [null, compliance] as const),
  ];
  expect(shown.map(([id]) => id)).toEqual([entry.intentId, exit.intentId, null]);
  for (const [intentId, compliance] of shown) {
    const record = records.find(({ seq }) => seq === compliance?.seq);
    if (record?.kind !== "pretrade") throw new Error("there is no such record");
    expect(record.intentId).toBe(intentId);
    expect(compliance).toMatchObject({
      number: record.number,
      verdict: record.verdict,
      secondSource: "none",
    });
    expect(compliance?.figures["messages"]).toBe(record.figures.messages);
    expect(compliance?.checks).toEqual([...record.checks]);
  }
  const text = dossierLines(dossiers[0]!, false).join("\n");
  expect(text).toContain("executed by tickforge-");
  expect(dossierPage(dossiers[0]!)).toContain("no second source to compare with");
}, 30_000);

describe("what is asked for", () => {
  test("and is not there is named, with what could be", async () => {
    for (const id of ["paper-999999999", "signal:3", "nothing"]) {
      const { status, body } = await rig.ask(`/api/v1/explain/${id}`);
      expect([status, (body as { code: string }).code]).toEqual([404, "unknown-id"]);
    }
    expect((await rig.ask("/api/v1/explain/..%2F..%2Fetc")).status).toBe(400);
    expect((await rig.ask("/api/v1/explain/--data")).status).toBe(404);
  }, 30_000);

  test("comes as a page that runs nothing, whatever stands in it", async () => {
    const { entry } = closedTrade();
    const answer = await rig.ask(`/api/v1/explain/${entry.intentId}?format=html`);
    expect(answer.headers.get("content-type")).toContain("text/html");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    const dossier = await ask(entry.intentId);
    const evil = { ...dossier, id: "<script>alert(1)</script>", symbol: '"><img src=x>' };
    expect(dossierPage(evil)).not.toMatch(/<script|<img/);
    expect(dossierLines(dossier, false).join("\n")).toContain(`entry ${entry.intentId}`);
  }, 30_000);
});

/** One after the other: a server makes only a few at once. */
async function inTurn(names: readonly string[]): Promise<Dossier[]> {
  const told: Dossier[] = [];
  for (const name of names) told.push(await ask(name));
  return told;
}
