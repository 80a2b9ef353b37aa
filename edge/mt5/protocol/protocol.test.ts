// The wire protocol against the fixtures that it shares with the terminal's tests.

import { describe, expect, test } from "bun:test";
import envelope from "../../../test/fixtures/mt5/envelope.json";
import hostile from "../../../test/fixtures/mt5/hostile-frames.json";
import fromServer from "../../../test/fixtures/mt5/server-frames.json";
import fromTerminal from "../../../test/fixtures/mt5/terminal-frames.json";
import { seal, sessionKey, unseal } from "./envelope.ts";
import { serverFrame } from "./from-server.ts";
import { terminalFrame } from "./from-terminal.ts";
import { JSON_DEPTH_MAX } from "./limits.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("the envelope", () => {
  const terminalKey = sessionKey(envelope.secret, "terminal", envelope);
  const serverKey = sessionKey(envelope.secret, "server", envelope);

  test("keys and MACs are those of the fixture", () => {
    expect(hex(terminalKey)).toBe(envelope.terminalKey);
    expect(hex(serverKey)).toBe(envelope.serverKey);
    expect(seal(serverKey, envelope.body)).toBe(envelope.fromServer);
    expect(seal(terminalKey, envelope.body)).toBe(envelope.fromTerminal);
  });

  test("a message opens with the key of its direction and session only", () => {
    expect(unseal(serverKey, envelope.fromServer)).toEqual({ ok: true, value: envelope.body });
    expect(unseal(terminalKey, envelope.fromServer)).toMatchObject({ ok: false, code: "bad-mac" });
    const other = sessionKey(envelope.secret, "server", { ...envelope, challenge: `${envelope.challenge} ` });
    expect(unseal(other, envelope.fromServer)).toMatchObject({ ok: false, code: "bad-mac" });
  });

  test("no character may change", () => {
    for (let at = 0; at < envelope.fromServer.length; at++) {
      const changed = envelope.fromServer[at] === "1" ? "2" : "1";
      const forged = envelope.fromServer.slice(0, at) + changed + envelope.fromServer.slice(at + 1);
      expect(unseal(serverKey, forged).ok).toBe(false);
    }
    for (const text of ["", " ", "{}", "0".repeat(64), envelope.body, ` ${envelope.fromServer}`])
      expect(unseal(serverKey, text)).toMatchObject({ ok: false, code: "malformed-envelope" });
  });
});

describe("frames", () => {
  for (const [at, frame] of fromServer.entries()) {
    test(`server ${at}: ${frame.t}`, () => {
      expect(serverFrame.safeParse({ ...frame, n: 1 }).error).toBeUndefined();
      expect(serverFrame.safeParse({ ...frame, n: 1, extra: 1 }).success).toBe(false);
      expect(serverFrame.safeParse(frame).success).toBe(false);
    });
  }

  for (const [at, frame] of fromTerminal.entries()) {
    test(`terminal ${at}: ${frame.t}`, () => {
      expect(terminalFrame.safeParse(frame).error).toBeUndefined();
      expect(terminalFrame.safeParse({ ...frame, extra: 1 }).success).toBe(false);
      expect(terminalFrame.safeParse({ ...frame, n: 0 }).success).toBe(false);
      expect(depth(frame)).toBeLessThanOrEqual(JSON_DEPTH_MAX);
    });
  }

  test("every kind of frame has a fixture", () => {
    expect(kinds(fromServer)).toEqual(serverFrame.options.map(({ shape }) => shape.t.value).toSorted());
    expect(kinds(fromTerminal)).toEqual(terminalFrame.options.map(({ shape }) => shape.t.value).toSorted());
  });

  // What JSON.parse takes and the terminal does not - a name twice, say - is no business of the schemas.
  for (const { name, body } of hostile.filter(({ code }) => code === "bad-frame")) {
    test(`the schemas do not take ${name}, either`, () => {
      const allowed = ["an older epoch", "a price for a market order", "a limit order without price"];
      const taken = serverFrame.safeParse(JSON.parse(body.replace('"NEXT"', "1"))).success;
      expect(taken).toBe(allowed.includes(name));
    });
  }
});

function kinds(list: readonly { t: string }[]): string[] {
  return [...new Set(list.map(({ t }) => t))].toSorted();
}

function depth(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depth));
}
