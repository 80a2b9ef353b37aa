// The scalars that frames are made of. Prices, volumes and money are decimal strings: MQL5's DoubleToString with the symbol's
// digits writes a price exactly as the broker quotes it, and no reader's floating point gets to round it again. Tickets and
// magic numbers are strings, since they pass 2^53. Times are whole milliseconds: those called `...BrokerMs` are in the
// trade server's own time, which is not UTC; all others are UTC as the server of this protocol counts it.

import { z } from "zod";

/** `-?digits[.digits]`, at most 20 digits before the point and 8 behind it. No exponent, no sign on zero needed. */
export const decimal = z.string().regex(/^-?\d{1,20}(?:\.\d{1,8})?$/, "not a plain decimal number");

/** A price above zero. */
export const price = z.string().regex(/^(?=.*[1-9])\d{1,12}(?:\.\d{1,8})?$/, "not a price above zero");

/** Lots, above zero. */
export const volume = z.string().regex(/^(?=.*[1-9])\d{1,9}(?:\.\d{1,8})?$/, "not a volume above zero");

/** An order, deal or position as the broker numbers it; above zero, below 2^64. */
export const ticket = z
  .string()
  .regex(/^[1-9]\d{0,19}$/, "not a ticket")
  .refine((text) => BigInt(text) < 1n << 64n, "a ticket of 2^64 or more");

/**
 * The number an intent's orders carry at the broker: unique per intent, above zero, below 2^63. The server gives those below
 * 2^62; those above are of the terminal's own intents.
 */
export const magic = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, "not a magic number")
  .refine((text) => BigInt(text) < 1n << 63n, "a magic number of 2^63 or more");

/** An order, deal or position may carry any magic, 0 for those of a person. */
export const anyMagic = z.string().regex(/^\d{1,20}$/, "not a magic number");

/** Names an intent, once and for all; the idempotency key. */
export const intentId = z.string().regex(/^[\w.:/-]{1,64}$/, "not an intent id");

/** As the broker spells it, `EURUSD.m` for one. */
export const symbol = z.string().min(1).max(31);

export const millis = z.int().min(0).max(9_999_999_999_999);

/** Milliseconds of a clock that only runs forward and means nothing to others (GetTickCount64). */
export const monotonicMs = z.int().min(0);

/** Issued by the ledger; a higher one ends the authority of all lower ones. */
export const epoch = z.int().min(0);

/** A counter from 1. */
export const counter = z.int().min(1);

/** 16 random bytes. */
export const nonce = z.string().regex(/^[0-9a-f]{32}$/, "not 16 bytes in hex");

/** One life of one Expert Advisor: numbers of its ticks count within it. */
export const bootId = z.string().regex(/^[0-9a-f]{16}$/, "not 8 bytes in hex");

/** Names a code or a token; no secret. */
export const credentialId = z.string().regex(/^[A-Za-z0-9]{4,32}$/, "not the name of a credential");

/** What proves that one holds a code or token: at least 128 bits in these letters. */
export const secret = z.string().regex(/^[A-Za-z0-9_-]{22,128}$/, "not a secret");

export const side = z.enum(["buy", "sell"]);

/** Words for people, in the terminal's language. */
export const words = z.string().max(256);
