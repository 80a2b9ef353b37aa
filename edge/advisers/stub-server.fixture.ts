// A server that speaks the chat-completions wire format on a port of its own, and says what a test wants it to say.

import type { MarketSummary } from "../../actors/ports/adviser.ts";
import type { AdviserService } from "./settings.ts";

export interface StubQuestion {
  readonly path: string;
  readonly headers: Headers;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly response_format: { readonly type: string };
    readonly [key: string]: unknown;
  };
}

type Respond = (question: StubQuestion) => Response | Promise<Response>;

export const KEY = "sk-the-key-of-the-stub";

export const GOOD = { probability_up: 0.62, confidence: 0.7, reasons: ["the dollar is weak"] };

export class StubServer {
  readonly questions: StubQuestion[] = [];
  respond: Respond = () => completion(GOOD);
  readonly #server: ReturnType<typeof Bun.serve>;

  constructor() {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 60,
      fetch: async (request) => {
        const { pathname: path } = new URL(request.url);
        if (request.headers.get("authorization") !== `Bearer ${KEY}`) return refusal(401, "no such key");
        if (path === "/v1/models") return Response.json({ object: "list", data: [{ id: "stub-1" }] });
        if (path !== "/v1/chat/completions") return refusal(404, "no such path");
        const body = (await request.json()) as StubQuestion["body"];
        const question = { path, headers: request.headers, body };
        this.questions.push(question);
        return await this.respond(question);
      },
    });
  }

  get port(): number {
    return this.#server.port ?? 0;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  service(changes: Partial<AdviserService> = {}): AdviserService {
    return {
      name: "stub",
      baseUrl: this.baseUrl,
      model: "stub-1",
      apiKeyEnv: "STUB_KEY",
      apiKey: KEY,
      pricePerMillionInput: 2,
      pricePerMillionOutput: 8,
      answerTokensMax: 500,
      answerTokensName: "max_completion_tokens",
      ...changes,
    };
  }

  /** The data of the last question, as the server reads it. */
  lastData(): { market: Record<string, unknown>; untrusted: { calendar: unknown[]; news: unknown[] } } {
    return JSON.parse(this.questions.at(-1)?.body.messages.at(-1)?.content ?? "null");
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }
}

export const USAGE = { prompt_tokens: 900, completion_tokens: 60 };

/** @param content as text, or what is to be sent as JSON text */
export function completion(content: unknown, usage: unknown = USAGE): Response {
  return Response.json({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "stub-1",
    choices: [
      {
        index: 0,
        finish_reason: "stop",
        message: {
          role: "assistant",
          content: typeof content === "string" || content === null ? content : JSON.stringify(content),
        },
      },
    ],
    ...(usage === undefined ? {} : { usage }),
  });
}

/** As servers do, it repeats the key. */
export function refusal(status: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json(
    { error: { message: `${message}: ${KEY}`, type: "stub", code: "stub" } },
    { status, headers },
  );
}

/** A byte now and then, for as long as anybody listens. */
export function trickle(everyMillis: number): Response {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      timer = setInterval(() => controller.enqueue(new Uint8Array([32])), everyMillis);
    },
    cancel: () => clearInterval(timer),
  });
  return new Response(stream, { headers: { "content-type": "application/json" } });
}

export const SUMMARY: MarketSummary = {
  symbol: "EURUSD",
  time: "2024-05-15T13:00Z",
  horizonMinutes: 60,
  sessions: ["London", "New York"],
  regime: "weak-uptrend",
  fiveMinuteReturns: [1.2, -0.4],
  returns: { "1m": 0.2, "5m": 0.8, "15m": 1.1, "60m": 3 },
  volatility: { minute: 0.9, shortToLong: 1.1 },
  spread: { points: 8, percentile: 0.4 },
  indicators: { rsi: 55, adx: null, hurst: 0.52 },
  votes: [{ member: "technical", probabilityUp: 0.57 }],
  calendar: [],
  news: [],
};
