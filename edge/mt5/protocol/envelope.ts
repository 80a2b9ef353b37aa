// How a frame looks on the wire. A signed message is one WebSocket text message:
//
//     <64 lower-case hex digits of the MAC> <body>
//
// one space between, the body a JSON object in UTF-8 that runs to the end of the message. Signed are the body's bytes as they
// are on the wire, nothing else: nobody writes JSON again to check it, and what is not authentic is never parsed. The body
// holds `n`, the number of the frame in its direction: 1, 2, 3 without holes; any other number ends the connection.
//
// The two messages before there are keys, `open` and its answer, are bare JSON objects: they begin with `{`.
//
//     terminal                                   server
//       open {v, credential id, nonce}     ->
//                                          <-    challenge {v, nonce}     or refuse {code, message}, and close
//       (both derive the session's keys)
//       enrol                              ->                             with a one-time code: answered by `enrolled`,
//                                          <-    enrolled {token}         the terminal keeps the token and comes again
//       hello                              ->                             with a token
//                                          <-    welcome
//
// A secret goes over the wire only in `enrolled` and `token`, and neither side uses this protocol without TLS except on
// loopback. `open` only names the credential: that the terminal has its secret is shown by the MAC of its next frame. Keys:
//
//     transcript = SHA-256(bytes of open, one line feed, bytes of challenge)
//     key of a direction = HMAC-SHA256(key = the secret's characters, "tickforge mt5 1 <direction> <transcript in hex>")
//     MAC = HMAC-SHA256(key = the direction's key, 32 bytes, the body's bytes)
//
// with <direction> `terminal` for what the terminal signs and `server` for what the server signs. Both nonces are in the
// transcript, so keys differ from session to session and frames of one are worth nothing in another or in the other direction.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { failure, ok, type Result } from "../../../actors/base/result.ts";

const MAC_CHARACTERS = 64;

export type Direction = "terminal" | "server";

/** The 32-byte key with which `direction` signs, from a credential's secret and the two opening messages as sent. */
export function sessionKey(
  secret: string,
  direction: Direction,
  opening: { readonly open: string; readonly challenge: string },
): Uint8Array {
  const transcript = createHash("sha256").update(`${opening.open}\n${opening.challenge}`).digest("hex");
  return createHmac("sha256", secret).update(`tickforge mt5 1 ${direction} ${transcript}`).digest();
}

function macOf(key: Uint8Array, body: string): Buffer {
  return createHmac("sha256", key).update(body).digest();
}

/** The message that carries `body`. */
export function seal(key: Uint8Array, body: string): string {
  return `${macOf(key, body).toString("hex")} ${body}`;
}

export type EnvelopeFault = "malformed-envelope" | "bad-mac";

/** The body of a signed message, if it was signed with `key`. */
export function unseal(key: Uint8Array, message: string): Result<string, EnvelopeFault> {
  const mac = message.slice(0, MAC_CHARACTERS);
  if (!/^[0-9a-f]{64}$/.test(mac) || message[MAC_CHARACTERS] !== " ") {
    return failure("malformed-envelope", "a message does not begin with a MAC: close, the peer is not ours");
  }
  const body = message.slice(MAC_CHARACTERS + 1);
  if (!timingSafeEqual(Buffer.from(mac, "hex"), macOf(key, body))) {
    return failure("bad-mac", "a message was not signed with this session's key: close and derive new keys");
  }
  return ok(body);
}
