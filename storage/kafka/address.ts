// Where Kafka answers and to whom, read from one address: kafka://user:password@host:9092,host2:9092?mechanism=plain.

import { z } from "zod";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { BROKERS_MAX } from "./limits.ts";

const MECHANISMS = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;

export interface KafkaTarget {
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  /** Undefined where everybody is let in. */
  readonly login:
    | {
        readonly mechanism: (typeof MECHANISMS)[keyof typeof MECHANISMS];
        readonly username: string;
        readonly password: string;
      }
    | undefined;
}

const PORT_DEFAULT = 9092;
const ADDRESS = /^(kafkas?):\/\/(?:([^@/?#\s]*)@)?([^@/?#]+)\/?(?:\?([^#]*))?$/;
const BROKER = /^(\[[0-9a-fA-F:.]+\]|[^:\s[\]]+)(?::(\d+))?$/;

const brokersSchema = z
  .array(
    z.strictObject({
      host: z.string("a host is missing or has characters no host has"),
      port: z.number().int().min(1, "a port lies in 1 to 65535").max(65_535, "a port lies in 1 to 65535"),
    }),
  )
  .max(BROKERS_MAX, `at most ${BROKERS_MAX} brokers are named: the others are learnt from them`);

const parametersSchema = z.strictObject(
  {
    mechanism: z
      .enum(["plain", "scram-sha-256", "scram-sha-512"], {
        error: "mechanism is plain, scram-sha-256 or scram-sha-512",
      })
      .optional(),
  },
  "the only parameter is mechanism",
);

/** Never repeats the address in its message: there may be a password in it. */
export function parseTarget(address: string): Result<KafkaTarget, "kafka-address-invalid"> {
  const [, scheme, credentials, hosts = "", query = ""] = ADDRESS.exec(address.trim()) ?? [];
  if (scheme === undefined)
    return invalid(
      "it does not begin with kafka:// or kafkas://, names no host, or has a bare @, / or ? in its password",
    );
  const parameters = parametersSchema.safeParse(Object.fromEntries(new URLSearchParams(query)));
  if (!parameters.success) return invalid(firstIssue(parameters.error));
  const brokers = brokersSchema.safeParse(hosts.split(",").map(parseBroker));
  if (!brokers.success) return invalid(firstIssue(brokers.error));
  const { mechanism } = parameters.data;
  if (credentials === undefined) {
    if (mechanism !== undefined) return invalid("it names a mechanism and no user");
    return ok({ brokers: brokers.data, tls: scheme === "kafkas", login: undefined });
  }
  const colon = credentials.indexOf(":");
  if (colon < 1) return invalid("a user is named with a password: user:password@");
  try {
    return ok({
      brokers: brokers.data,
      tls: scheme === "kafkas",
      login: {
        mechanism: MECHANISMS[mechanism ?? "scram-sha-512"],
        username: decodeURIComponent(credentials.slice(0, colon)),
        password: decodeURIComponent(credentials.slice(colon + 1)),
      },
    });
  } catch {
    return invalid("user name or password hold a % that begins no %-code: write it as %25");
  }
}

/** For people and logs: without user and password. */
export function describeTarget({ brokers, tls }: KafkaTarget): string {
  const hosts = brokers.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
  return `${tls ? "kafkas" : "kafka"}://${hosts.join(",")}`;
}

function parseBroker(text: string): { host: string | undefined; port: number } {
  const [, host, port] = BROKER.exec(text.trim()) ?? [];
  return { host: host?.replace(/^\[(.*)\]$/, "$1"), port: port === undefined ? PORT_DEFAULT : Number(port) };
}

function firstIssue(error: z.ZodError): string {
  return error.issues[0]?.message ?? "it cannot be read";
}

function invalid(why: string): Result<never, "kafka-address-invalid"> {
  return failure(
    "kafka-address-invalid",
    `the Kafka address is not valid: ${why}. Write kafka://user:password@host:9092, kafkas:// for TLS, several host:port ` +
      "separated by commas, characters such as @ and / in a password as %-codes, and ?mechanism=plain or scram-sha-256 " +
      "where scram-sha-512 is not what the brokers take.",
  );
}
