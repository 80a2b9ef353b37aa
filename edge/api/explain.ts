// The dossier of a decision, as JSON or as a page of its own.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Result } from "../../actors/base/result.ts";
import { type Graph, GraphUnavailable } from "../../actors/ports/graph.ts";
import { type Dossier, dossierSchema } from "../explain/dossier.ts";
import {
  type Lineage,
  lineageIn,
  lineageOf,
  lineageSchema,
  type LineageSide,
  mermaidOf,
} from "../explain/lineage.ts";
import { dossierPage } from "../explain/page.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { Problem, problemAnswer } from "./problem.ts";

export type Explain = (id: string) => Promise<Result<Dossier, string>>;

const ID = /^[\w.:-]{1,64}$/;

const idParam = z.object({
  id: z.string().regex(ID, "a signal's number, or the id of an order, a deal or a position"),
});

const PROBLEMS = {
  400: problemAnswer("The id is none"),
  404: problemAnswer("The journal does not know it"),
  503: problemAnswer("It cannot be made now"),
} as const;

export function addExplain(app: OpenAPIHono, explain: Explain | undefined, picture: LivePicture): void {
  const route = createRoute({
    method: "get",
    path: "/explain/{id}",
    summary: "Everything behind a decision: ticks, features, votes, checks, order, fills, proof",
    request: {
      params: idParam,
      query: z.object({ format: z.enum(["json", "html"]).default("json") }),
    },
    responses: {
      200: {
        description: "The dossier",
        content: { "application/json": { schema: dossierSchema }, "text/html": { schema: z.string() } },
      },
      ...PROBLEMS,
    },
  });
  app.openapi(route, async (c) => {
    const dossier = await made(explain, c.req.valid("param").id);
    const wantsPage =
      c.req.valid("query").format === "html" || /text\/html/.test(c.req.header("accept") ?? "");
    if (!wantsPage) return c.json(dossier, 200);
    return c.html(dossierPage(dossier), 200, {
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      "x-content-type-options": "nosniff",
    });
  });
  addLineage(app, explain, () => picture.station.graph);
}

function addLineage(app: OpenAPIHono, explain: Explain | undefined, graph: () => Graph | undefined): void {
  const route = createRoute({
    method: "get",
    path: "/lineage/{id}",
    summary: "What led to a decision and what came of it, as a graph or a Mermaid flowchart",
    request: {
      params: idParam,
      query: z.object({
        format: z.enum(["json", "mermaid"]).default("json"),
        /** What led to it, what came of it, or both. */
        direction: z.enum(["back", "forward", "both"]).default("both"),
      }),
    },
    responses: {
      200: {
        description: "The graph",
        content: { "application/json": { schema: lineageSchema }, "text/plain": { schema: z.string() } },
      },
      ...PROBLEMS,
    },
  });
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const { format, direction } = c.req.valid("query");
    const known = await askedGraph(graph(), id, direction);
    // What the graph has not heard of yet, or no longer says, the journal knows; it tells the whole story.
    const lineage = known ?? lineageOf(await made(explain, id));
    if (format === "mermaid") return c.text(mermaidOf(lineage), 200);
    return c.json(lineage, 200);
  });
}

/** Undefined where it cannot be asked, or has not heard of it. */
async function askedGraph(
  graph: Graph | undefined,
  id: string,
  side: LineageSide,
): Promise<Lineage | undefined> {
  if (graph === undefined) return undefined;
  return await lineageIn(graph, id, side).catch((error: unknown) => {
    if (error instanceof GraphUnavailable) return undefined;
    throw error;
  });
}

async function made(explain: Explain | undefined, id: string): Promise<Dossier> {
  if (explain === undefined) throw new Problem(503, "not-here", "this server makes no dossiers");
  const dossier = await explain(id);
  if (dossier.ok) return dossier.value;
  throw new Problem(dossier.code === "unknown-id" ? 404 : 503, dossier.code, dossier.message);
}
