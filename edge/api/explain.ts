// The dossier of a decision, as JSON or as a page of its own.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Result } from "../../actors/base/result.ts";
import { type Dossier, dossierSchema } from "../explain/dossier.ts";
import { dossierPage } from "../explain/page.ts";
import { Problem, problemSchema } from "./problem.ts";

export type Explain = (id: string) => Promise<Result<Dossier, string>>;

const ID = /^[\w.:-]{1,64}$/;

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

export function addExplain(app: OpenAPIHono, explain: Explain | undefined): void {
  const route = createRoute({
    method: "get",
    path: "/explain/{id}",
    summary: "Everything behind a decision: ticks, features, votes, checks, order, fills, proof",
    request: {
      params: z.object({
        id: z.string().regex(ID, "a signal's number, or the id of an order, a deal or a position"),
      }),
      query: z.object({ format: z.enum(["json", "html"]).default("json") }),
    },
    responses: {
      200: {
        description: "The dossier",
        content: { "application/json": { schema: dossierSchema }, "text/html": { schema: z.string() } },
      },
      400: problem("The id is none"),
      404: problem("The journal does not know it"),
      503: problem("It cannot be made now"),
    },
  });
  app.openapi(route, async (c) => {
    if (explain === undefined) throw new Problem(503, "not-here", "this server makes no dossiers");
    const made = await explain(c.req.valid("param").id);
    if (!made.ok) throw new Problem(made.code === "unknown-id" ? 404 : 503, made.code, made.message);
    const wantsPage =
      c.req.valid("query").format === "html" || /text\/html/.test(c.req.header("accept") ?? "");
    if (!wantsPage) return c.json(made.value, 200);
    return c.html(dossierPage(made.value), 200, {
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      "x-content-type-options": "nosniff",
    });
  });
}
