// Secrets at rest: AES-256-GCM under a key from the environment or from a file beside the data, bound to the name under which they
// are kept, so that one cannot be put in another's place.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { failure, ok, type Result } from "../../actors/base/result.ts";

const KEY_BYTES = 32;
/** 96 bits, drawn for each sealing: far below the 2^32 sealings at which chance would repeat one matters. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export type KeyFailure = "key-unreadable";

/**
 * The key of `hex`, else of the file, which is made with a new one where it is missing.
 * @param options.hex 64 hexadecimal digits
 */
export function sealingKey(options: {
  hex: string | undefined;
  path: string;
}): Result<Uint8Array, KeyFailure> {
  const { hex, path } = options;
  try {
    const text = hex ?? (existsSync(path) ? readFileSync(path, "utf8").trim() : newKey(path));
    if (/^[0-9a-fA-F]{64}$/.test(text)) return ok(Buffer.from(text, "hex"));
  } catch (error) {
    return failure(
      "key-unreadable",
      `the key of terminals' secrets cannot be read from ${path}: ${String(error)}`,
    );
  }
  const where = hex === undefined ? path : "TICKFORGE_MT5_KEY";
  return failure(
    "key-unreadable",
    `${where} is no key of 64 hexadecimal digits: put the right one back, or enrol all terminals anew without it`,
  );
}

function newKey(path: string): string {
  const text = randomBytes(KEY_BYTES).toString("hex");
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, `${text}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return text;
}

/** Nonce, tag and ciphertext. */
export function sealSecret(key: Uint8Array, name: string, secret: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(name));
  const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** Undefined where it was sealed under another key or name, or altered. */
export function openSecret(key: Uint8Array, name: string, sealed: Uint8Array): string | undefined {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const secret = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([secret, decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}
