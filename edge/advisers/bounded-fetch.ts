// What an adviser's server is sent and may send: no header but ours, no redirect that would carry the key elsewhere, no body
// beyond a bound, and all of it within the request's time, since the SDK's own timeout ends at the headers.

import { ANSWER_BYTES_MAX } from "./limits.ts";

export class AnswerTooLarge extends Error {}

/** The SDK adds what machine and runtime this is, and what its environment says. */
const HEADERS_SENT = ["accept", "authorization", "content-type"];

export async function boundedFetch(url: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const given = new Headers(init.headers);
  const headers = HEADERS_SENT.flatMap((name): [string, string][] => {
    const value = given.get(name);
    return value === null ? [] : [[name, value]];
  });
  const { signal } = init;
  const ended = abortOf(signal);
  const response = await Promise.race([fetch(url, { ...init, headers, redirect: "error" }), ended]);
  const body = await Promise.race([readBounded(response), ended]);
  const kept = [...response.headers].filter(([name]) => /^(?:content-type|retry-after)$/.test(name));
  return new Response(body.byteLength === 0 ? null : body, { status: response.status, headers: kept });
}

/** Rejects when the request is to end, should the transport not. */
async function abortOf(signal: AbortSignal | null | undefined): Promise<never> {
  return await new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the stream, and with it the connection.
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > ANSWER_BYTES_MAX) throw new AnswerTooLarge(`more than ${ANSWER_BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
