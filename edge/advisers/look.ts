// What `doctor` says of the advisers: which are configured, whether they have their keys and answer, at no cost.

import { type AdviserSettings, type AdviserService, troubleOf } from "./settings.ts";

export interface AdviserFinding {
  readonly name: string;
  readonly verdict: "ok" | "warning" | "problem";
  readonly detail: string;
}

const LOOK_MILLIS = 5_000;

export async function lookAtAdvisers({
  enabled,
  weight,
  services,
}: AdviserSettings): Promise<AdviserFinding[]> {
  if (!enabled) return [];
  const worth = weight === 0 ? "votes without weight" : `votes with weight ${weight}`;
  return await Promise.all(services.map(async (service) => await lookAt(service, worth)));
}

async function lookAt(service: AdviserService, worth: string): Promise<AdviserFinding> {
  const { name, baseUrl, model } = service;
  const where = `${model} at ${baseUrl}`;
  const trouble = troubleOf(service);
  if (trouble !== "") return { name, verdict: "problem", detail: `${where}: ${trouble}` };
  const { OpenAiAdviser } = await import("./openai-adviser.ts");
  const seen = await new OpenAiAdviser(service).look(LOOK_MILLIS);
  if (!seen.ok && seen.code !== "refused")
    return { name, verdict: "problem", detail: `${where}: ${seen.message}` };
  const answers = seen.ok ? `answers, with ${seen.value} models to choose from` : "answers";
  if (isExposed(service)) {
    return {
      name,
      verdict: "warning",
      detail: `${where} ${answers}; its key goes there unencrypted: use https`,
    };
  }
  return { name, verdict: "ok", detail: `${where} ${answers}; ${worth}` };
}

/** A key over plain HTTP to another machine. */
function isExposed({ baseUrl, apiKey }: AdviserService): boolean {
  const { protocol, hostname } = new URL(baseUrl);
  return protocol === "http:" && apiKey !== undefined && !/^(?:localhost|127\.|\[::1\])/.test(hostname);
}
