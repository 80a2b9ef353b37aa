// The names of keys. What is asked together shares a slot of a cluster by the part in braces.

export const PREFIX_DEFAULT = "tickforge";

/** Slots the hot state is spread over: few enough to ask in one round, enough to use every node. */
const HOT_SLOTS = 16;

export class Keys {
  readonly #prefix: string;

  /** @param prefix deployments that share a server differ in it */
  constructor(prefix = PREFIX_DEFAULT) {
    this.#prefix = prefix;
  }

  hot(kind: string, symbol: string): string {
    return `${this.#prefix}:{hot:${hotSlotOf(symbol)}}:${kind}:${symbol}`;
  }

  hotCursor(): string {
    return `${this.#prefix}:{hot:cursor}`;
  }

  /** What SCAN takes for all of the hot state. */
  hotPattern(): string {
    return `${this.#prefix.replaceAll(/[*?[\]\\]/g, "\\$&")}:{hot:*`;
  }

  bucket(key: string): string {
    return `${this.#prefix}:rate:${tagged(key)}`;
  }

  lease(name: string): string {
    return `${this.#prefix}:lease:${tagged(name)}`;
  }

  cached(key: string): string {
    return `${this.#prefix}:cache:${tagged(key)}`;
  }

  channel(topic: string): string {
    return `${this.#prefix}:topic:${topic}`;
  }
}

/** Which of the hot state's slots a symbol lies in, the same in every process: FNV-1a over its UTF-16 units. */
export function hotSlotOf(symbol: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < symbol.length; i++) hash = Math.imul(hash ^ symbol.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % HOT_SLOTS;
}

/** The whole of it decides the slot, whatever braces it has: an outsider cannot choose the node. */
function tagged(name: string): string {
  return `{${name.replaceAll("}", "%7D")}}`;
}
