// The connection itself: enrolment, tokens, keys, and what the Expert Advisor does with frames that no server of ours would send.

import { expect, test } from "bun:test";
import { join } from "node:path";
import hostile from "../fixtures/mt5/hostile-frames.json";
import valid from "../fixtures/mt5/server-frames.json";
import { seal } from "../../edge/mt5/protocol/envelope.ts";
import * as limits from "../../edge/mt5/protocol/limits.ts";
import { Harness } from "./harness.ts";
import { RawServer, textFrame } from "./raw-server.ts";
import { SeededRandom, type Random } from "../../actors/base/random.ts";
import { describeExpert, withRig } from "./rig.ts";

const MILLIS = 120_000;

describeExpert("enrolment", () => {
  test.concurrent(
    "a one-time code becomes a token that is kept; the code is used once; no secret goes over the wire",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        expect(rig.peer.all("enrol").length).toBe(1);
        expect(rig.peer.all("enrol")[0]?.account).toEqual({
          login: "5001",
          server: "Demo-Server",
          mode: "demo",
          margin: "hedging",
        });
        expect(rig.terminal.file("token.txt")).toContain('"id":"TOKEN1"');
        await rig.terminal.kill();
        await rig.start();
        expect(rig.peer.all("enrol").length).toBe(1);
        expect(rig.peer.all("hello").length).toBe(2);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a token is rotated over the socket and used from then on; one that is refused falls back to the code",
    async () => {
      await withRig(async (rig) => {
        const session = await rig.start();
        const token = rig.peer.issue();
        session.send({ t: "token", token });
        expect((await rig.peer.frame("token-kept")).id).toBe(token.id);
        rig.peer.credentials.delete("TOKEN1");
        session.socket.close();
        await rig.peer.ready(2);
        expect(rig.terminal.file("token.txt")).toContain(token.secret);
        rig.peer.credentials.delete(token.id);
        rig.peer.session.socket.close();
        await rig.peer.ready(3);
        expect(rig.peer.all("enrol").length).toBe(2);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "without a code or a token it says so and does not dial",
    async () => {
      await withRig(async (rig) => {
        await rig.terminal.start({ InpServer: rig.peer.url });
        await rig.terminal.until("needs a one-time code");
        expect(rig.peer.sessions).toEqual([]);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a token that a crash tore is not taken, and the code still works",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        await rig.terminal.kill();
        const path = rig.terminal.path("token.txt");
        await Bun.write(path, (await Bun.file(path).text()).slice(0, -9));
        await rig.start();
        expect(rig.peer.all("enrol").length).toBe(2);
      });
    },
    MILLIS,
  );

  for (const server of ["ws://example.com/mt5", "http://127.0.0.1", "wss://", "ws://127.0.0.1:99999/"]) {
    test.concurrent(
      `it does not start with ${server}`,
      async () => {
        await withRig(async (rig) => {
          await rig.terminal.start({ InpServer: server, InpCode: rig.peer.code });
          expect(rig.terminal.lines).toContain("init 2");
        });
      },
      MILLIS,
    );
  }

  test.concurrent(
    "over TLS it takes the functions for TLS, and only the certificate that it was told of",
    async () => {
      await withRig(async (rig) => {
        const server = rig.peer.url.replace("ws://", "wss://");
        const thumbprint = "00112233445566778899aabbccddeeff00112233";
        await rig.start({ InpServer: server, InpTlsThumbprint: thumbprint });
        expect((await rig.execution(rig.order())).class).toBe("done");
        await rig.terminal.kill();
        const before = rig.peer.sessions.length;
        await rig.terminal.start({ InpServer: server, InpTlsThumbprint: "00" });
        await rig.terminal.until("another one than InpTlsThumbprint says");
        expect(rig.peer.sessions.length).toBe(before);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "inputs that are changed start it anew in the same process, with everything it knew",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const { order } = await rig.execution(rig.order());
        const before = rig.peer.sessions.length;
        await rig.terminal.order("restart");
        await rig.peer.ready(before);
        expect(new Set(rig.peer.all("hello").map(({ boot }) => boot)).size).toBe(2);
        expect(await rig.refusal({ ...rig.order(), intentId: "acct-1:1" })).toBe("repeated");
        expect((await rig.execution(rig.close(order ?? ""))).class).toBe("done");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a number that another chart has is not taken, until that chart is gone",
    async () => {
      await withRig(async (rig) => {
        await rig.terminal.start({ InpServer: "ws://127.0.0.1:1/" });
        // As if it had confirmed just now, and a moment later had stopped to.
        await rig.terminal.order("share TFslot0_5001_Demo-Server_demo now");
        await rig.terminal.until("another chart has connection 0");
        await rig.terminal.order("share TFslot0_5001_Demo-Server_demo 1");
        await rig.terminal.until("needs a one-time code");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a refusal is shown and waited on",
    async () => {
      await withRig(async (rig) => {
        rig.peer.refusesAll = "busy";
        await rig.terminal.start({ InpServer: rig.peer.url, InpCode: rig.peer.code });
        await rig.terminal.until("refused by the server: busy");
        rig.peer.refusesAll = undefined;
        await rig.peer.ready();
      });
    },
    MILLIS,
  );
});

describeExpert("frames", () => {
  test.concurrent(
    "every frame of the fixtures is taken",
    async () => {
      await withRig(async (rig) => {
        const session = await rig.start();
        rig.peer.manners.answersHeartbeats = false;
        await Bun.sleep(100);
        for (const frame of valid.filter(({ t }) => !["welcome", "enrolled", "refuse"].includes(t)))
          session.sendSigned(JSON.stringify({ ...frame, n: session.next }));
        const count = valid.filter(({ t }) =>
          ["order", "modify", "close", "close-by", "cancel"].includes(t),
        ).length;
        await rig.peer.until("an answer to each command", () => rig.peer.all("refusal").length === count);
        expect(session.closed).toBeUndefined();
        expect(rig.peer.all("error")).toEqual([]);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "hostile ones end the connection with a reason and change nothing",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const { order } = await rig.execution(rig.order());
        for (const { name, body, code } of hostile) {
          const session = await rig.peer.ready(rig.peer.sessions.length - 1);
          const errors = rig.peer.all("error").length;
          session.sendSigned(body.replace('"NEXT"', String(session.next)));
          await rig.peer.until(`an end of the connection after ${name}`, () => session.closed);
          const told = rig.peer
            .all("error")
            .slice(errors)
            .map((frame) => frame.code);
          expect([name, told]).toEqual([name, [code as "bad-frame"]]);
          await rig.peer.ready(rig.peer.sessions.indexOf(session) + 1);
        }
        expect(rig.terminal.sent.length).toBe(1);
        expect((await rig.execution(rig.close(order ?? ""), await rig.peer.ready())).class).toBe("done");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "so do forged, replayed, reordered, oversize and binary messages",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        type Attack = (session: Awaited<ReturnType<typeof rig.start>>) => void;
        // In its place in the order: nothing but the signature is wrong.
        const due = (n: number): string => JSON.stringify({ ...rig.order(), n });
        const attacks: Attack[] = [
          (session) => session.socket.send(`${"0".repeat(64)} ${due(session.next)}`),
          (session) => session.socket.send(due(session.next)),
          (session) => session.socket.send(seal(session.key("terminal"), due(session.next))),
          (session) =>
            session.socket.send(seal(session.key("server"), due(session.next)).replace('"0.1"', '"0.9"')),
          (session) => session.sendSigned(JSON.stringify({ ...rig.order(), n: session.next - 1 })),
          (session) => session.sendSigned(JSON.stringify({ ...rig.order(), n: session.next + 1 })),
          (session) =>
            session.socket.send(seal(session.key("server"), JSON.stringify({ ...rig.order(), n: 0 }))),
          (session) => session.socket.send("x".repeat(limits.FROM_SERVER_BYTES_MAX + 1)),
          (session) => session.socket.send(new Uint8Array([1, 2, 3])),
          (session) => session.socket.send(""),
        ];
        for (const [at, attack] of attacks.entries()) {
          const session = await rig.peer.ready(rig.peer.sessions.length - 1);
          attack(session);
          await rig.peer.until(`an end of the connection after attack ${at}`, () => session.closed);
          await rig.peer.ready(rig.peer.sessions.indexOf(session) + 1);
        }
        expect(rig.terminal.sent).toEqual([]);
        expect((await rig.execution(rig.order(), await rig.peer.ready())).class).toBe("done");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "mutilated frames, rightly signed, are taken or end the connection; the terminal goes on",
    async () => {
      await withRig(async (rig) => {
        const seed = Math.floor(Math.random() * 2 ** 32);
        const random = new SeededRandom(seed);
        rig.peer.manners.epoch = 2 ** 52;
        await rig.start({ InpKillSwitch: true });
        try {
          for (let round = 0; round < 60; round++) {
            const session = await rig.peer.ready(rig.peer.sessions.length - 1);
            for (const frame of valid) {
              const body = mutilate(JSON.stringify({ ...frame, n: session.next }), random);
              if (session.closed === undefined) session.sendSigned(body);
            }
            await rig.peer.until("an end of the connection", () => session.closed);
            await rig.peer.ready(rig.peer.sessions.indexOf(session) + 1);
          }
          expect(await rig.refusal(rig.order({ epoch: 2 ** 53 - 1 }), await rig.peer.ready())).toBe(
            "not-fenced",
          );
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error });
        }
      });
    },
    MILLIS,
  );

  test.concurrent(
    "the calendar comes whole, with what has no value as none",
    async () => {
      await withRig(
        async (rig) => {
          rig.peer.refusesAll = "busy";
          await rig.terminal.start({ InpServer: rig.peer.url, InpCode: rig.peer.code });
          for (let i = 1; i <= 120; i++)
            await rig.terminal.order(`calendar ${i} ${i * 60} Event ${i} "quoted"`);
          rig.peer.refusesAll = undefined;
          await rig.peer.ready();
          const last = await rig.peer.frame("calendar", (frame) => frame.last);
          const events = rig.peer.all("calendar").flatMap((frame) => frame.events);
          expect([last.part, events.length]).toEqual([2, 120]);
          expect(events[0]).toMatchObject({
            name: 'Event 1 "quoted"',
            currency: "USD",
            importance: "high",
            actual: null,
            forecast: "1.25",
            previous: "-0.3",
          });
        },
        {
          limits: {
            heartbeatMs: 50,
            silentMsMax: 10_000,
            flattenAfterMs: null,
            clockAgeMsMax: 10_000,
            scanMs: 60,
            calendarHours: 24,
          },
        },
      );
    },
    MILLIS,
  );
});

describeExpert("the WebSocket", () => {
  /** What a server may say after a handshake, and whether the Expert Advisor must go. */
  const SAYINGS: readonly (readonly [string, Uint8Array[], boolean])[] = [
    ["a masked frame", [new Uint8Array([0x81, 0x81, 1, 2, 3, 4, 5])], true],
    ["reserved bits", [new Uint8Array([0xc1, 0x01, 0x41])], true],
    ["an unknown kind of frame", [new Uint8Array([0x83, 0x00])], true],
    ["a continuation of nothing", [new Uint8Array([0x80, 0x01, 0x41])], true],
    ["a ping in pieces", [new Uint8Array([0x09, 0x00])], true],
    ["a ping that is too long", [new Uint8Array([0x89, 0x7e, 0x00, 0x80])], true],
    ["a length of 2^40", [new Uint8Array([0x81, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0])], true],
    ["text that is not UTF-8", [new Uint8Array([0x81, 0x02, 0xc0, 0x80])], true],
    [
      "a challenge of another version",
      [textFrame('{"t":"challenge","v":2,"nonce":"00000000000000000000000000000000"}')],
      true,
    ],
    ["a challenge that is no JSON", [textFrame('{"t":"challenge",')], true],
    ["a challenge in pieces with a ping between them", pieces(CHALLENGE), false],
    ["a ping", [new Uint8Array([0x89, 0x02, 0x68, 0x69])], false],
  ];

  for (const [name, bytes, goes] of SAYINGS) {
    test.concurrent(
      `${name}: ${goes ? "it leaves" : "it stays and answers"}`,
      async () => {
        await withRig(async ({ terminal, peer }) => {
          const raw = new RawServer({ accepts: true, says: bytes });
          await terminal.start({ InpServer: raw.url, InpCode: peer.code });
          if (goes) await raw.until(() => raw.closed >= 1 && raw.opened >= 2);
          // A pong of a client is masked: 0x8a, 0x82.
          else
            await raw.until(() => raw.heard.some((byte, at) => byte === 0x8a && raw.heard[at + 1] === 0x82));
          await terminal.kill();
          raw.stop();
        });
      },
      MILLIS,
    );
  }

  for (const [accepts, words] of [
    ["wrong", "the answer to the handshake does not fit"],
    ["none", "does not talk WebSocket"],
    ["endless", "the answer to the handshake is too long"],
  ] as const) {
    test.concurrent(
      `a handshake whose answer is ${accepts}: it leaves`,
      async () => {
        await withRig(async ({ terminal, peer }) => {
          const raw = new RawServer({ accepts, says: [] });
          await terminal.start({ InpServer: raw.url, InpCode: peer.code });
          await raw.until(() => raw.closed >= 1);
          await terminal.until(words);
          await terminal.kill();
          raw.stop();
        });
      },
      MILLIS,
    );
  }
});

const CHALLENGE = '{"t":"challenge","v":1,"nonce":"00000000000000000000000000000000"}';

/** A text message in two frames, a ping before and between them. */
function pieces(text: string): Uint8Array[] {
  const [whole, ping] = [textFrame(text), new Uint8Array([0x89, 0x02, 0x68, 0x69])];
  const half = whole.slice(2, 20);
  const rest = whole.slice(20);
  return [new Uint8Array([0x01, half.length, ...half]), ping, new Uint8Array([0x80, rest.length, ...rest])];
}

/** A character changed, left out or put in, or a piece told twice. */
function mutilate(text: string, random: Random): string {
  const at = random.integer(text.length);
  const character = String.fromCharCode(32 + random.integer(95));
  switch (random.integer(4)) {
    case 0:
      return text.slice(0, at) + character + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + character + text.slice(at);
    default:
      return text.slice(0, at) + text.slice(at - random.integer(Math.min(at, 20) + 1));
  }
}

test("both sides keep the same bounds", async () => {
  const header = await Bun.file(join(import.meta.dir, "../../mql5/Include/Tickforge/Limits.mqh")).text();
  const theirs = (name: string): number => Number(new RegExp(`#define ${name} (\\d+)`).exec(header)?.[1]);
  expect(theirs("PROTOCOL_VERSION")).toBe(limits.PROTOCOL_VERSION);
  expect(theirs("TO_SERVER_BYTES_MAX")).toBe(limits.FROM_TERMINAL_BYTES_MAX);
  expect(theirs("FROM_SERVER_BYTES_MAX")).toBe(limits.FROM_SERVER_BYTES_MAX);
  expect(theirs("JSON_DEPTH_MAX")).toBe(limits.JSON_DEPTH_MAX);
  expect(theirs("SYMBOLS_MAX")).toBe(limits.SYMBOLS_MAX);
  expect(theirs("TICKS_PER_FRAME_MAX")).toBeLessThanOrEqual(limits.TICKS_PER_FRAME_MAX);
  expect(theirs("LIST_MAX")).toBe(limits.LIST_MAX);
  expect(theirs("CONNECTIONS_MAX")).toBe(limits.CONNECTIONS_MAX);
});

test("a harness without a terminal says so", () => {
  expect(() => new Harness().tick("EURUSD", 1, 1)).toThrow("does not run");
});
