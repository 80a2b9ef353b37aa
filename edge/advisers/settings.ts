// How external advisers are configured. They cost money and tell others what is traded here, so they are off until somebody
// turns them on, and without a weight they vote in vain.

import { z } from "zod";
import { SERVICES_MAX } from "./limits.ts";

const whole = z.number().int().nonnegative();
const minutes = whole.gte(1).lte(24 * 60);

const serviceSchema = z.strictObject({
  /** What it is called here. */
  name: z.string().regex(/^[a-z0-9-]{1,32}$/),
  /** Where its API begins: https://api.openai.com/v1, https://api.deepseek.com, http://127.0.0.1:11434/v1. */
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .refine(
      (text) => isWithoutPassword(text),
      "names no user and no password: keys come from the environment",
    ),
  model: z.string().min(1).max(128),
  /** The environment variable that holds its key; left out, none is sent. Keys are never written into this file. */
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "is the name of an environment variable, in capitals")
    .optional(),
  /** In one currency for all services, that of `costPerDay`; 0 for a server of your own. */
  pricePerMillionInput: z.number().gte(0).lte(1_000),
  pricePerMillionOutput: z.number().gte(0).lte(1_000),
  /** Tokens it may answer with; models that think aloud first need more. */
  answerTokensMax: whole.gte(50).lte(32_768).default(500),
  /** What the server calls that bound: OpenAI wants the first, older servers know only the second. */
  answerTokensName: z.enum(["max_completion_tokens", "max_tokens"]).default("max_completion_tokens"),
});

export const advisersSchema = z.strictObject({
  enabled: z.boolean(),
  /** Of their vote, beside the preset's weights, which sum to 1. */
  weight: z.number().gte(0).lte(1),
  /** How often a symbol is asked about, on the clock: 15 is at :00, :15, :30 and :45. */
  everyMinutes: minutes,
  /** The time ahead they are asked about. */
  horizonMinutes: minutes,
  /** How long a vote counts. */
  voteLifeMinutes: minutes,
  timeoutSeconds: whole.gte(1).lte(120),
  /** How long an answer is given again to a market that looks the same; 0 for never. */
  cacheMinutes: whole.lte(24 * 60),
  /** Of all services together, by UTC day. */
  callsPerDay: whole.lte(100_000),
  costPerDay: z.number().gte(0).lte(10_000),
  /** A file of JSON lines with news and events: {"time": ISO, "text": ..., "about": ["EURUSD", "USD"]}; left out, none. */
  news: z.string().min(1).optional(),
  services: z
    .array(serviceSchema)
    .max(SERVICES_MAX)
    .refine(
      (services) => new Set(services.map(({ name }) => name)).size === services.length,
      "have a name of their own each",
    ),
});

/** A service with its key; undefined where none is wanted, or none is set. */
export type AdviserService = Readonly<z.infer<typeof serviceSchema>> & { readonly apiKey?: string };

export type AdviserSettings = Readonly<Omit<z.infer<typeof advisersSchema>, "services">> & {
  readonly services: readonly AdviserService[];
};

export const ADVISER_DEFAULTS: AdviserSettings = {
  enabled: false,
  weight: 0,
  everyMinutes: 15,
  horizonMinutes: 60,
  voteLifeMinutes: 20,
  timeoutSeconds: 20,
  cacheMinutes: 60,
  callsPerDay: 1_000,
  costPerDay: 1,
  services: [],
};

/** Why a service cannot be used as it is configured; empty where it can. */
export function troubleOf({ apiKeyEnv, apiKey }: AdviserService): string {
  if (apiKeyEnv === undefined || apiKey !== undefined) return "";
  return `its key is not set: put it into the environment variable ${apiKeyEnv}`;
}

function isWithoutPassword(text: string): boolean {
  const { username, password } = new URL(text);
  return username === "" && password === "";
}
