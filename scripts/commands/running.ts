// What commands share that talk to a running system: where it is found, who speaks, and what it answered.

import { userInfo } from "node:os";
import type { Command } from "commander";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { ProblemBody } from "../../edge/api/problem.ts";
import type { Settings } from "../../edge/settings.ts";
import { palette, type Column, table } from "../../edge/terminal/table.ts";
import { type CommonFlags, settingsOrExit, withSettings } from "./common.ts";

export interface TalkFlags extends CommonFlags {
  readonly url?: string;
  readonly by?: string;
}

/** What is sent; nothing but a path asks for something. */
interface Sent {
  /** POST where it is left out. */
  readonly method?: "PATCH" | "DELETE";
  readonly body: object;
  /** The sender's own name for it: sent again, nothing is done again. */
  readonly key?: string | undefined;
}

/** A system that does not answer within it is told so; the longest that one waits is for the outcome of an order. */
const ANSWER_MILLIS_MAX = 15_000;

export function talking(command: Command): Command {
  return withSettings(command)
    .option("--url <url>", "of the running system (default: host and port of the settings)")
    .option("--by <name>", "who does it (default: this machine's user)");
}

export function personOf({ by }: TalkFlags): string {
  return by ?? userInfo().username;
}

export function printTable(columns: readonly Column[], rows: readonly string[][]): void {
  for (const line of table(columns, rows, palette(process.stdout.isTTY))) console.log(line);
}

export async function ask<T>(flags: TalkFlags, path: string, sent?: Sent): Promise<Result<T, string>> {
  const { config, data } = flags;
  const settings = settingsOrExit({ config, data });
  const url = `${flags.url?.replace(/\/+$/, "") ?? urlOf(settings)}/api/v1/${path}`;
  const { token } = settings.http;
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: sent === undefined ? "GET" : (sent.method ?? "POST"),
      headers: {
        ...(sent === undefined ? {} : { "content-type": "application/json" }),
        ...(sent?.key === undefined ? {} : { "idempotency-key": sent.key }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent.body) }),
      signal: AbortSignal.timeout(ANSWER_MILLIS_MAX),
    });
  } catch (error) {
    return failure(
      "no-answer",
      `${url} does not answer (${error instanceof Error ? error.message : String(error)}): is the system running there? Name it with --url.`,
    );
  }
  if (answer.ok) return ok((await answer.json()) as T);
  const problem = (await answer.json().catch(() => ({}))) as Partial<ProblemBody>;
  const where = (problem.errors ?? []).map((error) => `; ${error.path}: ${error.message}`).join("");
  return failure(
    problem.code ?? "refused",
    `${problem.detail ?? `${url} answered ${answer.status}`}${where}`,
  );
}

/** A server that listens everywhere is found on the loopback, too. */
function urlOf({ http: { host, port } }: Settings): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") && !name.startsWith("[") ? `[${name}]` : name}:${port}`;
}
