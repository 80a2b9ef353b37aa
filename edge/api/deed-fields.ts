// What every deed that people ask for over HTTP says alike: who does it and why, in words that fit on one line.

import { z } from "@hono/zod-openapi";
import { problemResponse } from "./problem.ts";

/** Who did it, where nobody is named: there are no users yet. */
const SOMEBODY = "api";

const WHO_LENGTH_MAX = 64;
const WORDS_LENGTH_MAX = 200;

function line(lengthMax: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(lengthMax)
    .regex(/^[^\p{C}]*$/u, "of letters, digits and signs");
}

export function whoField(description: string) {
  return line(WHO_LENGTH_MAX).default(SOMEBODY).openapi({ description });
}

export const wordsField = line(WORDS_LENGTH_MAX);

/** The answer to a body, or a part of a path, that is not as it should be. */
export function invalid({ issues }: z.core.$ZodError): Response {
  return problemResponse({
    status: 400,
    code: "bad-body",
    message: "a value is not valid: see errors",
    errors: issues.map(({ path, message }) => ({ path: path.join("."), message })),
  });
}
