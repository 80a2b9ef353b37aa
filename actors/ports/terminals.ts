// What must be known of MetaTrader terminals after a restart: who may connect, how each one's tick numbers became ours, what they said
// was lost, and how far their trade servers' time is from UTC. Written before anything that rests on it, so that a terminal may
// send again whatever it is unsure about.

export interface TerminalIdentity {
  readonly login: string;
  /** The trade server's name. */
  readonly server: string;
  readonly mode: "demo" | "contest" | "real";
  readonly margin: "netting" | "exchange" | "hedging";
}

export interface TerminalAccount {
  readonly id: string;
  /** From 1, never given twice: the account's tick sources are numbered by it. */
  readonly number: number;
  /** Undefined until its first terminal has enrolled. */
  readonly identity: TerminalIdentity | undefined;
  /** The terminal that may trade; undefined before the first came. */
  readonly owner: string | undefined;
}

export interface TerminalCredential {
  readonly id: string;
  readonly kind: "code" | "token";
  readonly accountId: string;
  /** The installation it belongs to: all tokens that followed from one code are of one. */
  readonly terminal: string;
  /** Sessions are keyed by it, so it is needed in clear: sealed where it is kept. */
  readonly secret: string;
  readonly expiresAtMs: number;
  /** Of a token that was never used: the code it came from. */
  readonly codeId: string | undefined;
  /** Of a code: what the account must be. */
  readonly login: string | undefined;
  readonly server: string | undefined;
}

/** Numbers `from` to `to` of one symbol of one boot are `base`, `base` + 1, ... of their source and instrument. */
export interface TickExtent {
  readonly sourceId: number;
  readonly instrumentId: number;
  readonly boot: string;
  /** As the broker spells it. */
  readonly symbol: string;
  /** The connection whose file of unacknowledged ticks it is in. */
  readonly slot: number;
  readonly from: number;
  /** Infinity for the one that grows: of a source and instrument there is one at most. */
  readonly to: number;
  readonly base: number;
}

/** Ticks that will never come, as the terminal said. */
export interface TerminalGap {
  readonly sourceId: number;
  readonly boot: string;
  readonly symbol: string;
  readonly reason: "overflow" | "unread";
  /** Both 0 where they never had numbers. */
  readonly from: number;
  readonly to: number;
  readonly fromBrokerMs: number;
  readonly toBrokerMs: number;
}

/** From `atMs` on the trade server's time was ahead of UTC by so much. */
export interface BrokerOffset {
  readonly accountId: string;
  readonly atMs: number;
  readonly offsetMs: number;
}

/** How an account trades at its terminals. */
export interface TerminalTrading {
  /** See `TerminalSettings.intentTag` of the account. */
  readonly intentTag: number;
  /** When trading began: what the broker booked before is not ours. */
  readonly sinceMs: number;
  /** The broker's books were compared with ours up to here, in UTC. */
  readonly reconciledMs: number;
}

/** On disk when a call returns. Throws where it cannot be: nothing may go on then. */
export interface TerminalStore {
  accounts(): TerminalAccount[];
  /** The account, made where it is missing. */
  addAccount(id: string): TerminalAccount;
  setIdentity(accountId: string, identity: TerminalIdentity): void;
  setOwner(accountId: string, terminal: string): void;
  /** Undefined for an account that has never traded. */
  trading(accountId: string): TerminalTrading | undefined;
  setTrading(accountId: string, trading: TerminalTrading): void;
  /** Undefined for an id that nobody has, and for a secret that this key does not open. */
  credential(id: string): TerminalCredential | undefined;
  credentials(): TerminalCredential[];
  /** Adds or replaces `added`, and forgets `removed`. */
  changeCredentials(change: {
    readonly added: readonly TerminalCredential[];
    readonly removed: readonly string[];
  }): void;
  extents(): TickExtent[];
  /** Replaces those of the same source, instrument and base. */
  changeExtents(change: {
    readonly written: readonly TickExtent[];
    readonly removed: readonly TickExtent[];
  }): void;
  /** Oldest first: all that are kept, or the newest so many. */
  gaps(newest?: number): TerminalGap[];
  /** One that was told before changes nothing. */
  addGap(gap: TerminalGap): void;
  offsets(): BrokerOffset[];
  addOffset(offset: BrokerOffset): void;
  close(): void;
}
