// Messages to whoever listens right now, by topic. Nothing is kept: a listener that was away is told that it may have
// missed some, and reads what it needs from a store.

export interface TopicListener {
  message(text: string): void;
  /** The connection was lost and is back: messages may be missing. */
  missed(): void;
}

export interface Subscription {
  close(): Promise<void>;
}

/** Throws HotStateUnavailable where the store cannot be reached. */
export interface PubSub {
  publish(topic: string, text: string): Promise<void>;
  /** Resolves once messages published from now on are heard. It lasts, through losses of the connection, until closed. */
  subscribe(topic: string, listener: TopicListener): Promise<Subscription>;
  close(): Promise<void>;
}
