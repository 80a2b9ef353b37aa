// What the rest of the system sees of a connected terminal: who it is, and a way to tell it something.

import type { Instrument } from "../../actors/domain/instrument.ts";
import type { AccountPicture } from "./account-picture.ts";
import type { Outgoing } from "./channel.ts";
import type { BrokerTime, ClockMap } from "./clocks.ts";
import type { HelloFrame } from "./tick-intake.ts";
import type { TerminalFrame } from "./protocol/from-terminal.ts";

/** What may be told to a terminal besides what its connection says by itself. */
export type Command = Extract<
  Outgoing,
  { t: "order" | "modify" | "close" | "close-by" | "cancel" | "fence" | "mode" | "resync" | "reconciled" }
>;

/** One connection of a terminal, from its welcome to its end. */
export interface Terminal {
  readonly accountId: string;
  /** The installation. */
  readonly terminal: string;
  readonly session: string;
  readonly slot: number;
  /** It only watches: its terminal refuses orders, and so does {@link send}. */
  readonly watches: boolean;
  readonly hello: HelloFrame;
  /** Instruments whose ticks come by this connection, by the broker's spelling. */
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly clock: ClockMap;
  /** What its account holds, whichever connection told it, and its trade server's time. */
  readonly account: { readonly picture: AccountPicture; readonly brokerTime: BrokerTime };
  readonly heardMs: number;
  /** By the terminal's own kill switch. */
  readonly isKilled: boolean;
  /** False when it could not leave: the connection is gone, or the terminal only watches. */
  send(command: Command): boolean;
}

/** Hears terminals: all of it in the order in which it came, per connection. */
export interface TerminalListener {
  joined(terminal: Terminal): void;
  /** Ticks, gaps and heartbeats are not told. */
  said(terminal: Terminal, frame: TerminalFrame): void;
  left(terminal: Terminal): void;
}
