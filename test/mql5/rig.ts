// A terminal and a server that know each other, and commands with sensible values: what most tests begin with.

import { describeWith, testWith } from "../fixtures/describe-with.ts";
import { expertProgram } from "./build.ts";
import { Harness } from "./harness.ts";
import { Peer, type Manners, type Outgoing, type Session } from "./peer.ts";

export type Command = Extract<Outgoing, { intentId: string }>;
type Order = Extract<Command, { t: "order" }>;

/** How far broker time is ahead of UTC in the harness. */
const BROKER_AHEAD_MILLIS = 7_200_000;

/** The Expert Advisor is built with it. */
const COMPILER = Bun.which("g++") ?? undefined;

export const testExpert = testWith(COMPILER);

export function describeExpert(name: string, suite: () => void): void {
  describeWith(COMPILER, name, suite);
}

export class Rig {
  readonly terminal = new Harness();
  readonly peer = new Peer();
  #commands = 0;

  /** What every command has; each is another intent. */
  head(): Pick<Order, "intentId" | "magic" | "epoch" | "commandSeq" | "expiresAtMs"> {
    const seq = ++this.#commands;
    return {
      intentId: `acct-1:${seq}`,
      magic: String(7_000_000_000_000_000 + seq),
      epoch: this.peer.manners.epoch,
      commandSeq: seq,
      expiresAtMs: Date.now() + this.peer.manners.clockOffMs + 30_000,
    };
  }

  /** A market buy of 0.1 EURUSD with its stop. */
  order(changes: Partial<Order> = {}): Order {
    return {
      t: "order",
      ...this.head(),
      symbol: "EURUSD",
      side: "buy",
      type: "market",
      volume: "0.1",
      price: null,
      stopLimitPrice: null,
      sl: "1.05000",
      tp: null,
      deviationPoints: 20,
      quoteAgeMsMax: null,
      spreadPointsMax: null,
      timeInForce: "gtc",
      untilBrokerMs: null,
      ...changes,
    };
  }

  close(position: string, changes: object = {}): Command {
    return {
      t: "close",
      ...this.head(),
      position,
      volume: null,
      deviationPoints: 20,
      quoteAgeMsMax: null,
      ...changes,
    };
  }

  /** Sends it and waits for the terminal's answer: an execution or a refusal, not what is looked up meanwhile. */
  async answer(command: Command, session: Session = this.peer.session) {
    const from = session.frames.length;
    session.send(command);
    return await this.peer.until(
      `an answer to ${command.intentId}`,
      () =>
        session.frames
          .slice(from)
          .find(
            (frame) =>
              (frame.t === "execution" && frame.source === "answer" && frame.intentId === command.intentId) ||
              (frame.t === "refusal" && frame.intentId === command.intentId),
          ) as Answer | undefined,
    );
  }

  async execution(command: Command, session?: Session): Promise<Execution> {
    const answer = await this.answer(command, session);
    if (answer.t !== "execution") throw new Error(`refused: ${answer.code}`);
    return answer;
  }

  async refusal(command: Command, session?: Session): Promise<string> {
    const answer = await this.answer(command, session);
    return answer.t === "refusal" ? answer.code : `executed: ${answer.class}`;
  }

  tick(bid = 1.1, ask = bid + 0.0002, symbol = "EURUSD"): void {
    this.terminal.tick(symbol, bid, ask);
  }

  brokerNow(): number {
    return Date.now() + BROKER_AHEAD_MILLIS;
  }

  /** Starts the terminal, with a quote, and waits until it may trade. */
  async start(inputs: Readonly<Record<string, string | number | boolean>> = {}): Promise<Session> {
    const before = this.peer.sessions.length;
    await this.terminal.start({
      InpServer: this.peer.url,
      InpCode: this.peer.code,
      InpSymbols: "EURUSD,GBPUSD",
      ...inputs,
    });
    this.tick();
    this.tick(1.25, 1.2503, "GBPUSD");
    return await this.peer.ready(before);
  }
}

type Frames = Session["frames"][number];
export type Execution = Extract<Frames, { t: "execution" }>;
type Answer = Execution | Extract<Frames, { t: "refusal" }>;

/** Terminals at once: their timers want the processor every few milliseconds. */
const RIGS_MAX = 4;
let running = 0;
const queue: (() => void)[] = [];

async function enter(): Promise<void> {
  if (running >= RIGS_MAX) await new Promise<void>((go) => queue.push(go));
  else running++;
}

function leave(): void {
  const next = queue.shift();
  if (next === undefined) running--;
  else next();
}

/** Runs `work` when no more than a few terminals are running. */
export async function inTurn(work: () => Promise<void>): Promise<void> {
  await expertProgram();
  await enter();
  try {
    await work();
  } finally {
    leave();
  }
}

/** Runs `work` on a rig that is taken down afterwards, and fails for what the terminal's sanitizers or the server saw. */
export async function withRig(
  work: (rig: Rig) => Promise<void>,
  manners: Partial<Manners> = {},
): Promise<void> {
  await inTurn(async () => {
    await onRig(work, manners);
  });
}

async function onRig(work: (rig: Rig) => Promise<void>, manners: Partial<Manners>): Promise<void> {
  const rig = new Rig();
  Object.assign(rig.peer.manners, manners);
  try {
    await work(rig);
  } catch (error) {
    const words = await rig.terminal.lastWords();
    await rig.terminal.discard();
    await rig.peer.stop();
    throw words === "" ? error : new Error(words, { cause: error });
  }
  await rig.terminal.close();
  await rig.peer.stop();
  if (rig.peer.fault !== undefined) throw rig.peer.fault;
}
