// Where a Dragonfly (or Redis) answers and to whom, read from one address: redis://user:password@host:port. A cluster is
// named by some of its nodes, separated by commas, or by ?cluster=true.

import { z } from "zod";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { NODES_MAX } from "./limits.ts";

export interface DragonflyNode {
  readonly host: string;
  readonly port: number;
}

export interface DragonflyTarget {
  readonly nodes: readonly DragonflyNode[];
  /** Empty for the default user. */
  readonly username: string;
  /** Empty for none. */
  readonly password: string;
  readonly tls: boolean;
  readonly cluster: boolean;
  /** Number of the logical database; a cluster has only 0. */
  readonly database: number;
}

const PORT_DEFAULT = 6379;
const ADDRESS = /^(rediss?):\/\/(?:(.*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const NODE = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+)(?::(\d+))?$/;

const targetSchema = z
  .strictObject({
    nodes: z
      .array(
        z.strictObject({
          host: z.string("a host is missing or has characters no host has").min(1, "a host is missing"),
          port: z.number().int().min(1, "a port lies in 1 to 65535").max(65_535, "a port lies in 1 to 65535"),
        }),
      )
      .min(1)
      .max(NODES_MAX, `at most ${NODES_MAX} nodes are named`),
    username: z.string(),
    password: z.string(),
    tls: z.boolean(),
    cluster: z.boolean(),
    database: z.number("the path is the number of a database").int().min(0).max(65_535),
  })
  .refine(
    ({ nodes, cluster }) => cluster || nodes.length === 1,
    "several nodes are a cluster: leave out cluster=false",
  )
  .refine(({ cluster, database }) => !cluster || database === 0, "a cluster has only database 0");

const parametersSchema = z.strictObject(
  { cluster: z.enum(["true", "false"], "cluster is true or false").optional() },
  "the only parameter is cluster",
);

/** Never repeats the address in its message: there may be a password in it. */
export function parseTarget(address: string): Result<DragonflyTarget, "dragonfly-address-invalid"> {
  const [, scheme, credentials = "", hosts = "", path = "", query = ""] = ADDRESS.exec(address.trim()) ?? [];
  if (scheme === undefined) return invalid("it does not begin with redis:// or rediss://, or names no host");
  const parameters = parametersSchema.safeParse(Object.fromEntries(new URLSearchParams(query)));
  if (!parameters.success) return invalid(firstIssue(parameters.error));
  const nodes = hosts.split(",").map(parseNode);
  const colon = credentials.indexOf(":");
  try {
    const target = targetSchema.safeParse({
      nodes,
      username: decodeURIComponent(colon === -1 ? credentials : credentials.slice(0, colon)),
      password: colon === -1 ? "" : decodeURIComponent(credentials.slice(colon + 1)),
      tls: scheme === "rediss",
      cluster: parameters.data.cluster === undefined ? nodes.length > 1 : parameters.data.cluster === "true",
      database: path === "" ? 0 : Number(path),
    });
    return target.success ? ok(target.data) : invalid(firstIssue(target.error));
  } catch {
    return invalid("user name or password hold a % that begins no %-code: write it as %25");
  }
}

/** For people and logs: without the password. */
export function describeTarget({ nodes, tls, cluster }: DragonflyTarget): string {
  const hosts = nodes.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`).join(",");
  return `${tls ? "rediss" : "redis"}://${hosts}${cluster ? " (cluster)" : ""}`;
}

function parseNode(text: string): { host: string | undefined; port: number } {
  const [, host, port] = NODE.exec(text.trim()) ?? [];
  return { host: host?.replace(/^\[(.*)\]$/, "$1"), port: port === undefined ? PORT_DEFAULT : Number(port) };
}

function firstIssue(error: z.ZodError): string {
  return error.issues[0]?.message ?? "it cannot be read";
}

function invalid(why: string): Result<never, "dragonfly-address-invalid"> {
  return failure(
    "dragonfly-address-invalid",
    `the Dragonfly address is not valid: ${why}. Write redis://user:password@host:port, rediss:// for TLS, and ` +
      "several host:port separated by commas, or ?cluster=true, for a cluster.",
  );
}
