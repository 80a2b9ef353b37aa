// What is known of terminals survives, is sealed, and is the same for the server and the command line beside it.

import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import type { TerminalCredential, TerminalStore } from "../../actors/ports/terminals.ts";
import { openSecret, sealSecret } from "./sealed.ts";
import { openTerminals, TERMINALS_FILE } from "./store.ts";

const root = mkdtempSync(join(tmpdir(), "tickforge-terminals-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function opened(name: string, keyHex?: string): TerminalStore {
  const store = openTerminals({ data: join(root, name), keyHex });
  if (!store.ok) throw new Error(store.message);
  return store.value;
}

const token: TerminalCredential = {
  id: "T1",
  kind: "token",
  accountId: "main",
  terminal: "pc",
  secret: "a-secret-of-many-characters",
  expiresAtMs: 1_000,
  codeId: undefined,
  login: undefined,
  server: undefined,
};

test("what was written is there again, whoever reads it", () => {
  const first = opened("kept");
  const second = opened("kept");
  const identity = { login: "1", server: "S", mode: "demo", margin: "hedging" } as const;
  expect(first.addAccount("main")).toEqual({ id: "main", number: 1, identity: undefined, owner: undefined });
  expect(second.addAccount("other").number).toBe(2);
  expect(second.addAccount("main").number).toBe(1);
  first.setIdentity("main", identity);
  first.setOwner("main", "pc");
  first.changeCredentials({ added: [token, { ...token, id: "T2", codeId: "C", login: "1" }], removed: [] });
  expect(second.credential("T1")).toEqual(token);
  second.changeCredentials({ added: [], removed: ["T1"] });
  expect(first.credentials().map(({ id }) => id)).toEqual(["T2"]);
  const extent = { sourceId: 1_002, instrumentId: 3, boot: "b", symbol: "EURUSD", slot: 1, from: 1, base: 1 };
  first.changeExtents({ written: [{ ...extent, to: Number.POSITIVE_INFINITY }], removed: [] });
  first.changeExtents({
    written: [
      { ...extent, to: 9 },
      { ...extent, boot: "c", base: 10, to: Number.POSITIVE_INFINITY },
    ],
    removed: [],
  });
  const trading = { intentTag: 7, sinceMs: 1, reconciledMs: 2 };
  expect(first.trading("main")).toBeUndefined();
  first.setTrading("main", trading);
  first.setTrading("main", { ...trading, reconciledMs: 3 });
  expect(second.trading("main")).toEqual({ ...trading, reconciledMs: 3 });
  expect(second.extents()).toMatchObject([{ to: 9 }, { boot: "c", base: 10, to: Number.POSITIVE_INFINITY }]);
  const gap = {
    sourceId: 1_002,
    boot: "b",
    symbol: "EURUSD",
    reason: "overflow",
    from: 3,
    to: 5,
    fromBrokerMs: 1,
    toBrokerMs: 2,
  } as const;
  for (const from of [3, 3, 4]) first.addGap({ ...gap, from });
  expect(second.gaps()).toEqual([gap, { ...gap, from: 4 }]);
  expect(second.gaps(1)).toEqual([{ ...gap, from: 4 }]);
  first.addOffset({ accountId: "main", atMs: 5, offsetMs: 7_200_000 });
  first.close();
  second.close();
  const later = opened("kept");
  expect(later.accounts()[0]).toEqual({ id: "main", number: 1, identity, owner: "pc" });
  expect(later.offsets()).toEqual([{ accountId: "main", atMs: 5, offsetMs: 7_200_000 }]);
  later.changeExtents({ written: [], removed: later.extents() });
  expect(later.extents()).toEqual([]);
  later.close();
});

test("a secret opens under its own key and name only, unaltered", () => {
  const key = Buffer.alloc(32, 7);
  const sealed = sealSecret(key, "T1", "secret");
  expect(openSecret(key, "T1", sealed)).toBe("secret");
  expect(openSecret(key, "T2", sealed)).toBeUndefined();
  expect(openSecret(Buffer.alloc(32, 8), "T1", sealed)).toBeUndefined();
  expect(openSecret(key, "T1", sealed.subarray(0, 20))).toBeUndefined();
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const altered = Uint8Array.from(sealed);
    altered[bit >> 3]! ^= 1 << (bit & 7);
    expect(openSecret(key, "T1", altered)).toBeUndefined();
  }
});

test("the key is the environment's or a file of the folder's owner; with another one nobody gets in", () => {
  const own = opened("own");
  own.addAccount("main");
  own.changeCredentials({ added: [token], removed: [] });
  own.close();
  const path = join(root, "own", "keys", "mt5-aes256.key");
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  const other = opened("own", "ab".repeat(32));
  expect(other.credential("T1")).toBeUndefined();
  expect(other.credentials()).toEqual([]);
  other.close();
  writeFileSync(path, "short");
  expect(openTerminals({ data: join(root, "own"), keyHex: undefined })).toMatchObject({
    ok: false,
    code: "key-unreadable",
  });
  opened("elsewhere", "ab".repeat(32)).close();
  expect(existsSync(join(root, "elsewhere", "keys"))).toBe(false);
});

test("a file of a newer version is refused, and one that is no database", () => {
  opened("newer").close();
  const database = new Database(join(root, "newer", TERMINALS_FILE));
  database.run("PRAGMA user_version = 99");
  database.close();
  expect(openTerminals({ data: join(root, "newer"), keyHex: undefined })).toMatchObject({
    ok: false,
    code: "terminals-unreadable",
  });
  writeFileSync(
    join(root, "newer", TERMINALS_FILE),
    "nothing of the kind, though long enough to be looked at as one".repeat(100),
  );
  expect(openTerminals({ data: join(root, "newer"), keyHex: undefined }).ok).toBe(false);
});
