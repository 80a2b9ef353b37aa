// A request's JSON body, within bounds and without what JSON smuggles in.

import { Problem } from "./problem.ts";

export const BODY_BYTES_MAX = 512 << 10;
const DEPTH_MAX = 16;

/** @throws Problem where it is no JSON, too large or too deep */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  // A page of another site can send plain text without asking first, and nothing else.
  if (!/^application\/(?:[a-z.+-]+\+)?json\b/i.test(type)) {
    throw new Problem(415, "not-json", "send JSON, with content-type: application/json");
  }
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > BODY_BYTES_MAX) throw tooLarge();
  const text = await request.text();
  if (text.length > BODY_BYTES_MAX) throw tooLarge();
  return parseJson(text);
}

/** @throws Problem */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Problem(
      400,
      "not-json",
      `this is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isShallow(value, DEPTH_MAX))
    throw new Problem(400, "too-deep", `JSON of at most ${DEPTH_MAX} levels is taken`);
  return value;
}

function tooLarge(): Problem {
  return new Problem(
    413,
    "too-large",
    `a body of at most ${BODY_BYTES_MAX} bytes is taken: send fewer ticks at once`,
  );
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  for (const inner of Object.values(value)) if (!isShallow(inner, depth - 1)) return false;
  return true;
}
