// Routes by which people change something: a body within the bounds of every other one, an answer that nobody keeps.

import { createRoute, type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import { readJson } from "./body.ts";
import { invalid } from "./deed-fields.ts";
import { problemAnswer } from "./problem.ts";

/** Names in a path, by the schema of each. */
type Names = z.ZodObject<Record<string, z.ZodType<string>>>;

export interface Deed<Body extends z.ZodType> {
  /** POST where it is left out. */
  readonly method?: "post" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  /** What a request must say; one without a body is read as an empty object. */
  readonly body: Body;
  readonly params?: Names;
  /** Takes an `Idempotency-Key`. */
  readonly isKeyed?: boolean;
  readonly responses: RouteConfig["responses"];
  readonly perform: (body: z.output<Body>, asked: Asked) => Promise<Response>;
}

export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  /** The sender's own name for what he wants; undefined where he gave none. */
  readonly key: string | undefined;
}

const KEY_HEADER = "Idempotency-Key";
const keyHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, "1 to 64 visible characters of ASCII")
    .optional()
    .openapi({
      description:
        "The sender's own name for this request: sent again with the same body, nothing is done again and the same is answered",
    }),
});

export function addDeed<Body extends z.ZodType>(app: OpenAPIHono, deed: Deed<Body>): void {
  const { method = "post", path, summary, body: schema, params, isKeyed = false, responses } = deed;
  const route = createRoute({
    method,
    path,
    summary,
    request: {
      ...(params === undefined ? {} : { params }),
      ...(isKeyed ? { headers: keyHeaders } : {}),
      body: { required: method !== "delete", content: { "application/json": { schema } } },
    },
    responses: {
      ...responses,
      400: problemAnswer("A value is wrong"),
      415: problemAnswer("The body is no JSON"),
      503: problemAnswer("The account is out of service, or the journal takes nothing more"),
    },
  } satisfies RouteConfig);
  app.openAPIRegistry.registerPath(route);
  // The body goes through the bounds of every other one, which the framework's own reading has not.
  app.on(method.toUpperCase(), route.getRoutingPath(), async (c) => {
    const names = (params ?? z.object({})).safeParse(c.req.param());
    if (!names.success) return invalid(names.error);
    const headers = keyHeaders.safeParse({ "idempotency-key": c.req.header(KEY_HEADER) });
    if (!headers.success) return invalid(headers.error);
    const body = schema.safeParse(hasBody(c.req.raw) ? await readJson(c.req.raw) : {});
    if (!body.success) return invalid(body.error);
    return await deed.perform(body.data, {
      params: names.data,
      key: isKeyed ? headers.data["idempotency-key"] : undefined,
    });
  });
}

/** Clients send DELETE without one. */
function hasBody(request: Request): boolean {
  return request.method !== "DELETE" || request.headers.has("content-type");
}

export function answer(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema } } };
}

export function said(body: object, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, {
    status,
    headers: { "cache-control": "no-store", "x-content-type-options": "nosniff", ...headers },
  });
}
