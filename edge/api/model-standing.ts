// Who votes, changed by people over HTTP: a version is promoted, rolled back or retired. What is done is done by the command of the
// same name, in a process of its own, since reading, hashing and syncing a model would keep ticks waiting; the running system takes
// it up at its next look at the registry.

import { createRoute, type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Result } from "../../actors/base/result.ts";
import {
  MODEL_NAME,
  MODEL_STATUSES,
  MODEL_VERSION,
  type ModelFailure,
  type RegisteredModel,
} from "../../actors/ports/models.ts";
import { readJson } from "./body.ts";
import { invalid, whoField } from "./deed-fields.ts";
import { Problem, problemAnswer } from "./problem.ts";

const by = whoField("Who decides it: written into the registry's history");
const version = z.string().regex(MODEL_VERSION, "a version's name");
const nameParams = z.object({ model: z.string().regex(MODEL_NAME, "a model's name") });

const promoteBody = z.strictObject({
  version,
  by,
  evenRetired: z
    .boolean()
    .default(false)
    .openapi({ description: "Takes a version back that was retired; without it such a one is refused" }),
});
const rollbackBody = z.strictObject({ by });
const retireBody = z.strictObject({ version, by });

export type ModelDeed =
  | ({ readonly verb: "promote"; readonly model: string } & Readonly<z.output<typeof promoteBody>>)
  | ({ readonly verb: "rollback"; readonly model: string } & Readonly<z.output<typeof rollbackBody>>)
  | ({ readonly verb: "retire"; readonly model: string } & Readonly<z.output<typeof retireBody>>);

/** `no-answer`: it is not known whether it was done; the registry says. */
export type ModelDeedFailure = ModelFailure | "no-answer";

export type DoModelDeed = (deed: ModelDeed) => Promise<Result<RegisteredModel, ModelDeedFailure>>;

const doneSchema = z.object({
  model: z.string(),
  /** The one that was promoted, gone back to or retired. */
  version: z.string(),
  /** What it stands for from now on. */
  status: z.enum(MODEL_STATUSES),
  by: z.string(),
});
export type ModelDeedAnswer = z.infer<typeof doneSchema>;

const STATUS_OF: Readonly<Partial<Record<ModelDeedFailure, number>>> = {
  "unknown-model": 404,
  "registry-unwritable": 503,
  "no-answer": 503,
};
const CONFLICT = 409;

export function addModelStanding(app: OpenAPIHono, perform: DoModelDeed | undefined): void {
  addDeed(app, perform, {
    verb: "promote",
    summary: "Lets a version vote, within seconds and without a restart; the one that did becomes a shadow",
    body: promoteBody,
    deed: (model, body) => ({ verb: "promote", model, ...body }),
  });
  addDeed(app, perform, {
    verb: "rollback",
    summary: "Lets the version vote again that did before",
    body: rollbackBody,
    deed: (model, body) => ({ verb: "rollback", model, ...body }),
  });
  addDeed(app, perform, {
    verb: "retire",
    summary: "Puts a version away: it is asked no more",
    body: retireBody,
    deed: (model, body) => ({ verb: "retire", model, ...body }),
  });
}

interface Deed<Body extends z.ZodType> {
  readonly verb: ModelDeed["verb"];
  readonly summary: string;
  readonly body: Body;
  readonly deed: (model: string, body: z.output<Body>) => ModelDeed;
}

function addDeed<Body extends z.ZodType>(
  app: OpenAPIHono,
  perform: DoModelDeed | undefined,
  { verb, summary, body: schema, deed }: Deed<Body>,
): void {
  const route = createRoute({
    method: "post",
    path: `/models/{model}/${verb}`,
    summary,
    request: {
      params: nameParams,
      body: { required: true, content: { "application/json": { schema } } },
    },
    responses: {
      200: { description: "Done", content: { "application/json": { schema: doneSchema } } },
      400: problemAnswer("A value is wrong"),
      404: problemAnswer("There is no such version"),
      409: problemAnswer("It may not be: damaged, retired, or voting now; or nobody voted before"),
      415: problemAnswer("The body is no JSON"),
      503: problemAnswer("The registry cannot be written, or it is not known whether it was"),
    },
  } satisfies RouteConfig);
  app.openAPIRegistry.registerPath(route);
  // The body goes through the bounds of every other one, which the framework's own reading has not.
  app.post(route.getRoutingPath(), async (c) => {
    const params = nameParams.safeParse(c.req.param());
    if (!params.success) return invalid(params.error);
    const body = schema.safeParse(await readJson(c.req.raw));
    if (!body.success) return invalid(body.error);
    if (perform === undefined) throw new Problem(503, "not-here", "this server changes no models");
    const wanted = deed(params.data.model, body.data);
    const done = await perform(wanted);
    if (!done.ok) throw new Problem(STATUS_OF[done.code] ?? CONFLICT, done.code, done.message);
    const { card, status } = done.value;
    const answer: ModelDeedAnswer = { model: card.model, version: card.version, status, by: wanted.by };
    return c.json(answer, 200);
  });
}
