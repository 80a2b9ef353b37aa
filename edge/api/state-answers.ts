// Answers about the state of now, made once for everybody who asks in the same few milliseconds: a page full of clients
// costs the actors' thread no more than one.

const FRESH_MILLIS = 10;

const HEADERS = {
  "content-type": "application/json",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
} as const;

export class StateAnswer {
  readonly #build: () => unknown;
  #text = "";
  #madeMillis = Number.NEGATIVE_INFINITY;

  constructor(build: () => unknown) {
    this.#build = build;
  }

  respond(): Response {
    const nowMillis = performance.now();
    if (nowMillis - this.#madeMillis > FRESH_MILLIS) {
      this.#text = JSON.stringify(this.#build());
      this.#madeMillis = nowMillis;
    }
    return new Response(this.#text, { headers: HEADERS });
  }
}
