// Signed heads of the journal's hash chains: a line a day and one at every stop, each naming the one before. Seals show that a
// record was changed; heads show that somebody changed the seals as well, and a copy kept elsewhere that heads were taken
// away.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { SignedHead } from "../../actors/ports/audit-heads.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const headSchema = z.strictObject({
  /** Of the day it closes, or of the stop: ISO 8601. */
  at: z.iso.datetime(),
  /** The seal's record. */
  seq: z.number().int().positive(),
  /** By topic, SHA-256 of its chain up to there. */
  topics: z.record(z.string(), hash),
  /** SHA-256 of the line before; empty in the first. */
  previous: z.union([hash, z.literal("")]),
  /** SHA-256 of the public key. */
  key: hash,
  /** Ed25519 over the line without it, base64. */
  signature: z.string(),
});

export type AuditHead = z.infer<typeof headSchema>;

export interface Seal {
  readonly seq: number;
  readonly heads: Readonly<Record<string, string>>;
}

export type AuditFailure = "audit-damaged" | "audit-key-missing" | "audit-unwritable";

const PRIVATE_KEY = "audit-ed25519.pem";
const PUBLIC_KEY = "audit-ed25519.pub.pem";

export class AuditHeads {
  readonly #path: string;
  readonly #keys: string;
  readonly #anchor: string | undefined;

  /** @param options.anchor a file elsewhere that every head is written to as well */
  constructor(options: { data: string; anchor?: string | undefined }) {
    this.#path = join(options.data, "audit", "heads.jsonl");
    this.#keys = join(options.data, "keys");
    this.#anchor = options.anchor;
  }

  /** The last head that was signed; undefined before the first. */
  last(): AuditHead | undefined {
    const line = linesOf(this.#path).at(-1);
    return line === undefined ? undefined : headSchema.parse(JSON.parse(line));
  }

  /** Those after the one with this hash, as a store beside the file keeps them; all of them where it is not there. */
  after(newestHash: string | undefined): readonly SignedHead[] {
    const lines = linesOf(this.#path);
    const index = lines.findLastIndex((line) => hashOf(line) === newestHash);
    return lines.slice(index + 1).map(signedHeadOf);
  }

  /** Where the heads that a store has differ from the file's; undefined where all of them are in it. */
  differenceFrom(stored: readonly SignedHead[]): string | undefined {
    const lines = linesOf(this.#path);
    for (const [index, head] of stored.entries()) {
      const line = lines[index];
      if (line === undefined)
        return `the head of record ${head.seq}, which the ledger has, is missing from ${this.#path}`;
      if (!isDeepStrictEqual(signedHeadOf(line), head)) {
        return (
          `line ${index + 1} of ${this.#path} is not the head of record ${head.seq} that the ledger has: ` +
          "the file was replaced, or the ledger's rows were"
        );
      }
    }
    return undefined;
  }

  /** Signs `seal` and appends it. What cannot be written to the anchor is said by a failure; the head itself is there. */
  append(seal: Seal, at: string): Result<AuditHead, AuditFailure> {
    try {
      const privateKey = this.#privateKey();
      const lines = linesOf(this.#path);
      const previous = lines.length === 0 ? "" : hashOf(lines.at(-1) ?? "");
      const unsigned = { at, seq: seal.seq, topics: { ...seal.heads }, previous, key: keyHash(privateKey) };
      const head = {
        ...unsigned,
        signature: sign(null, Buffer.from(JSON.stringify(unsigned)), privateKey).toString("base64"),
      };
      appendDurably(this.#path, JSON.stringify(head));
      if (this.#anchor === undefined) return ok(head);
      appendDurably(this.#anchor, JSON.stringify(head));
      return ok(head);
    } catch (error) {
      return failure(
        "audit-unwritable",
        `the head of record ${seal.seq} is not signed, or not written to ${this.#anchor ?? this.#path}: ${String(error)}`,
        { recoverable: true },
      );
    }
  }

  /**
   * Checks every line: its signature, its place in the chain, the anchored copy, and the seal it speaks of.
   * @param sealAt the journal's seal of a record; undefined where that record has left the journal
   * @param lastSeq the journal's last record
   */
  verify(
    sealAt: (seq: number) => Seal | undefined,
    lastSeq: number,
  ): Result<{ heads: number; lastSeq: number }, AuditFailure> {
    const lines = linesOf(this.#path);
    if (lines.length === 0) return ok({ heads: 0, lastSeq: 0 });
    if (!existsSync(join(this.#keys, PUBLIC_KEY))) {
      return failure(
        "audit-key-missing",
        `${join(this.#keys, PUBLIC_KEY)} is not there: signatures cannot be checked`,
      );
    }
    const publicKey = createPublicKey(readFileSync(join(this.#keys, PUBLIC_KEY)));
    let previous = "";
    let newest = 0;
    for (const [index, line] of lines.entries()) {
      const where = `line ${index + 1} of ${this.#path}`;
      const wrong = wrongWith(line, { previous, newest, publicKey, sealAt });
      if (typeof wrong === "string") return failure("audit-damaged", `${where}: ${wrong}`);
      previous = hashOf(line);
      newest = wrong.seq;
    }
    if (newest > lastSeq) {
      return failure(
        "audit-damaged",
        `record ${newest} was signed and the journal ends at record ${lastSeq}: its end was taken away`,
      );
    }
    const missing = this.#missingFrom(lines);
    if (missing !== undefined) return failure("audit-damaged", missing);
    return ok({ heads: lines.length, lastSeq: newest });
  }

  /** What the copy elsewhere has and this file has not, or has differently. */
  #missingFrom(lines: readonly string[]): string | undefined {
    if (this.#anchor === undefined) return undefined;
    const anchored = linesOf(this.#anchor);
    const index = anchored.findIndex((line) => !lines.includes(line));
    if (index < 0) return undefined;
    return `line ${index + 1} of ${this.#anchor} is missing from ${this.#path}, or was changed there`;
  }

  #privateKey(): KeyObject {
    const path = join(this.#keys, PRIVATE_KEY);
    if (!existsSync(path)) {
      mkdirSync(this.#keys, { recursive: true, mode: 0o700 });
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
      writeFileSync(join(this.#keys, PUBLIC_KEY), publicKey.export({ type: "spki", format: "pem" }));
    }
    return createPrivateKey(readFileSync(path));
  }
}

/** What is wrong with a line, or the head it is. */
function wrongWith(
  line: string,
  {
    previous,
    newest,
    publicKey,
    sealAt,
  }: { previous: string; newest: number; publicKey: KeyObject; sealAt: (seq: number) => Seal | undefined },
): string | AuditHead {
  let head: AuditHead;
  try {
    head = headSchema.parse(JSON.parse(line));
  } catch {
    return "it cannot be read";
  }
  const { signature, ...unsigned } = head;
  if (!verify(null, Buffer.from(JSON.stringify(unsigned)), publicKey, Buffer.from(signature, "base64"))) {
    return "it was changed after it was signed, or signed with another key";
  }
  if (head.previous !== previous)
    return "it does not follow the line before it: lines were taken away or moved";
  if (head.seq <= newest) return `record ${head.seq} is not after record ${newest}`;
  const seal = sealAt(head.seq);
  if (seal === undefined) return head;
  for (const [topic, signed] of Object.entries(head.topics)) {
    if (seal.heads[topic] === signed) continue;
    return `${topic} of the journal up to record ${head.seq} is not what was signed: the journal was written anew`;
  }
  return head;
}

function signedHeadOf(line: string): SignedHead {
  return { ...headSchema.parse(JSON.parse(line)), hash: hashOf(line) };
}

function linesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function appendDurably(path: string, line: string): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${line}\n`);
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function keyHash(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return createHash("sha256").update(publicKey).digest("hex");
}
