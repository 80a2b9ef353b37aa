// What is wrong with a request, as application/problem+json (RFC 9457): a code for machines, a sentence for people.

import { z } from "@hono/zod-openapi";

export const problemSchema = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.number().int(),
    /** Says what happened, to what, and what to do. */
    detail: z.string(),
    code: z.string(),
    /** Each value that was refused. */
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem");

export type ProblemBody = z.infer<typeof problemSchema>;

/** A problem among a route's answers, for the OpenAPI document. */
export function problemAnswer(description: string) {
  return { description, content: { "application/problem+json": { schema: problemSchema } } };
}

/** What goes wrong with questions to the time series. */
export const QUERY_PROBLEMS = {
  400: problemAnswer("A value is wrong"),
  503: problemAnswer("The time series cannot be reached"),
} as const;

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Not authorised",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  413: "Too large",
  415: "Unsupported media type",
  422: "Refused",
  429: "Too many requests",
  500: "Internal error",
  503: "Unavailable",
};

/** Thrown by handlers; the application turns it into an answer. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** While the account's actor is down or being rebuilt. */
export function outOfService(): Problem {
  return new Problem(
    503,
    "account-out-of-service",
    "the account's actor is out of service: look at /api/v1/actors",
  );
}

export function problemResponse(
  what: Pick<Problem, "status" | "code" | "message"> & {
    readonly headers?: Readonly<Record<string, string>>;
    readonly errors?: ProblemBody["errors"];
  },
): Response {
  const body: ProblemBody = {
    type: "about:blank",
    title: TITLES[what.status] ?? "Error",
    status: what.status,
    detail: what.message,
    code: what.code,
    ...(what.errors === undefined ? {} : { errors: what.errors }),
  };
  return new Response(JSON.stringify(body), {
    status: what.status,
    headers: {
      "content-type": "application/problem+json",
      "x-content-type-options": "nosniff",
      ...what.headers,
    },
  });
}
