// An adviser behind the chat-completions API that OpenAI, DeepSeek and most local servers speak. Nothing of a server's own words
// about a failure is passed on: some repeat the key in them.

import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError, OpenAI } from "openai";
import { z } from "zod";
import { failure, type Result } from "../../actors/base/result.ts";
import type { Adviser, AdviserFailure, Consultation, MarketSummary } from "../../actors/ports/adviser.ts";
import { AnswerTooLarge, boundedFetch } from "./bounded-fetch.ts";
import { PAUSE_MILLIS_MAX } from "./limits.ts";
import { ANSWER_JSON_SCHEMA, readOpinion } from "./opinion.ts";
import { promptOf } from "./prompt.ts";
import type { AdviserService } from "./settings.ts";

/** Of the wire format, what is needed; the rest may be as it likes. */
const completionSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
});

const usageSchema = z.object({
  usage: z.object({
    prompt_tokens: z.number().int().nonnegative(),
    completion_tokens: z.number().int().nonnegative(),
  }),
});

/** Tokens around a message that are not in its text. */
const MESSAGE_TOKENS = 16;

const MILLIS_PER_SECOND = 1_000;

export class OpenAiAdviser implements Adviser {
  readonly name: string;
  readonly model: string;
  readonly #service: AdviserService;
  readonly #client: OpenAI;
  readonly #ending = new AbortController();
  /** Servers that do not take a schema are asked for JSON, and told its form in words. */
  #takesSchema = true;
  #isSettled = false;

  constructor(service: AdviserService) {
    this.name = service.name;
    this.model = service.model;
    this.#service = service;
    this.#client = clientOf(service);
  }

  async ask(summary: MarketSummary, timeoutMillis: number): Promise<Consultation> {
    const { model, answerTokensName, answerTokensMax } = this.#service;
    try {
      const completion: unknown = await this.#client.chat.completions.create(
        {
          model,
          messages: promptOf(summary),
          response_format: this.#takesSchema
            ? {
                type: "json_schema",
                json_schema: { name: "opinion", strict: true, schema: ANSWER_JSON_SCHEMA },
              }
            : { type: "json_object" },
          [answerTokensName]: answerTokensMax,
        },
        { timeout: timeoutMillis, signal: this.#ending.signal },
      );
      this.#isSettled = true;
      return consultationOf(completion);
    } catch (error) {
      return this.#failed(error);
    }
  }

  close(): void {
    this.#ending.abort();
  }

  /** A token is a byte at least; an answer is bounded by the question. */
  tokensMax(summary: MarketSummary): { readonly input: number; readonly output: number } {
    const bytes = promptOf(summary).reduce(
      (sum, { content }) => sum + MESSAGE_TOKENS + Buffer.byteLength(content),
      0,
    );
    return {
      input: bytes + Buffer.byteLength(JSON.stringify(ANSWER_JSON_SCHEMA)),
      output: this.#service.answerTokensMax,
    };
  }

  /** Whether the service answers and takes the key, at no cost: how many models it offers. Servers need not tell. */
  async look(timeoutMillis: number): Promise<Result<number, AdviserFailure>> {
    try {
      const page = await this.#client.models.list({ timeout: timeoutMillis });
      return { ok: true, value: page.data.length };
    } catch (error) {
      return failureOf(error);
    }
  }

  #failed(error: unknown): Consultation {
    const status = statusOf(error);
    const isRefused = status === 400 || status === 422;
    if (isRefused && !this.#isSettled) {
      // Without a schema it is not what it minds: the next question is asked with one again.
      this.#takesSchema = !this.#takesSchema;
      if (!this.#takesSchema) {
        return unanswered(
          failure("no-schema", "the server does not take a JSON schema", { recoverable: true }),
        );
      }
    }
    return { ...unanswered(failureOf(error)), retryAfterMillis: retryAfterOf(error) };
  }
}

/** Nothing but what is configured here: the SDK would look for more in the environment. */
function clientOf({ baseUrl, apiKey }: AdviserService): OpenAI {
  return new OpenAI({
    baseURL: baseUrl,
    apiKey: apiKey ?? "none",
    organization: null,
    project: null,
    ...(apiKey === undefined ? { defaultHeaders: { authorization: null } } : {}),
    maxRetries: 0,
    logLevel: "off",
    fetch: boundedFetch,
  });
}

function consultationOf(completion: unknown): Consultation {
  const usage = usageSchema.safeParse(completion);
  const tokens = usage.success
    ? { input: usage.data.usage.prompt_tokens, output: usage.data.usage.completion_tokens }
    : undefined;
  const parsed = completionSchema.safeParse(completion);
  const content = parsed.success ? (parsed.data.choices[0]?.message.content ?? "") : "";
  return { opinion: readOpinion(content), tokens, retryAfterMillis: 0 };
}

function unanswered(opinion: Consultation["opinion"]): Consultation {
  return { opinion, tokens: undefined, retryAfterMillis: 0 };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof APIError ? (error.status as number | undefined) : undefined;
}

function failureOf(error: unknown): Result<never, AdviserFailure> {
  if (isTooLarge(error)) return said("too-large", "the answer is longer than any opinion");
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError) {
    return said(
      "timeout",
      "it did not answer in time: raise advisers.timeoutSeconds, or take a faster model",
    );
  }
  if (error instanceof APIConnectionError) {
    return said("unreachable", "it cannot be reached: look at its baseUrl and the network");
  }
  const status = statusOf(error);
  if (status === undefined)
    return said("nonsense", "the answer is not what the API speaks: look at its baseUrl");
  if (status === 401 || status === 403)
    return said("unauthorized", `it does not take the key (${status}): renew it`);
  if (status === 429) return said("rate-limited", "it is asked too often, or its own budget is spent (429)");
  if (status >= 500) return said("server-error", `it failed (${status})`);
  return said("refused", `it does not take the question (${status}): look at its model and baseUrl`);
}

function said(code: AdviserFailure, message: string): Result<never, AdviserFailure> {
  return failure(code, message, { recoverable: code !== "unauthorized" });
}

function isTooLarge(error: unknown): boolean {
  return error instanceof AnswerTooLarge || (error instanceof Error && error.cause instanceof AnswerTooLarge);
}

/** How long it asks to be left alone, in milliseconds; 0 where it does not say. RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterOf(error: unknown): number {
  if (!(error instanceof APIError)) return 0;
  const text = (error.headers as Headers | undefined)?.get("retry-after") ?? "";
  const millis = /^\d+$/.test(text) ? Number(text) * MILLIS_PER_SECOND : Date.parse(text) - Date.now();
  return Number.isFinite(millis) ? Math.min(Math.max(0, millis), PAUSE_MILLIS_MAX) : 0;
}
