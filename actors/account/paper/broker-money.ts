// The paper broker's own money: what the account has by the broker's deals and adjustments, and how much of it positions
// tie up. A broker lends and calls by its own books, not by what the account believes.

import type { Archive } from "../../base/archive.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { type MicroMoney, moveValueMicros, roundHalfAway } from "../../domain/money.ts";
import { convertMicros, CurrencyConverter } from "../conversion.ts";
import type { QuoteBoard } from "../quote-board.ts";
import type { AccountSettings } from "../settings.ts";
import type { BrokerPosition } from "./broker-tables.ts";

/** What a broker knows of whom it trades for. */
export type AccountTerms = Pick<
  AccountSettings,
  "currency" | "startingBalanceMicros" | "leverage" | "dayResetMinuteUtc"
>;

export class BrokerMoney {
  readonly #instruments: readonly Instrument[];
  readonly #board: QuoteBoard;
  readonly #converter: CurrencyConverter;
  readonly #leverage: number;
  #balanceMicros: MicroMoney;

  constructor(options: {
    readonly instruments: readonly Instrument[];
    readonly account: AccountTerms;
    readonly board: QuoteBoard;
  }) {
    const { instruments, account, board } = options;
    this.#instruments = instruments;
    this.#board = board;
    this.#converter = new CurrencyConverter({ instruments, currency: account.currency, board });
    this.#leverage = account.leverage;
    this.#balanceMicros = account.startingBalanceMicros;
  }

  get balanceMicros(): MicroMoney {
    return this.#balanceMicros;
  }

  /** A deal was made. A profit that cannot be converted is left out, as in the account's books. */
  book(instrumentId: number, realised: number, costMicros: MicroMoney): void {
    const profit = realised === 0 ? 0 : this.valueMicros(instrumentId, realised);
    this.#balanceMicros += (Number.isNaN(profit) ? 0 : profit) - costMicros;
  }

  adjust(amountMicros: MicroMoney): void {
    this.#balanceMicros += amountMicros;
  }

  /** Point-micro-lots of an instrument in the account's currency; NaN without a conversion rate. */
  valueMicros(instrumentId: number, pointMicroLots: number): MicroMoney {
    const instrument = this.#instruments[instrumentId] as Instrument;
    return convertMicros(moveValueMicros(instrument, pointMicroLots, 1), this.#converter.rate(instrumentId));
  }

  /** What a position has won by the price it could be closed at. */
  profitMicros({ instrumentId, side, volumeMicros, cost }: BrokerPosition): MicroMoney {
    const long = side === "BUY";
    const price = long ? this.#board.bidPoints(instrumentId) : this.#board.askPoints(instrumentId);
    const gain = price * volumeMicros - cost;
    return this.valueMicros(instrumentId, long ? gain : -gain);
  }

  /** NaN while a position cannot be valued; so is margin. */
  equityMicros(positions: readonly BrokerPosition[]): MicroMoney {
    let equity = this.#balanceMicros;
    for (let i = 0; i < positions.length; i++) equity += this.profitMicros(positions[i] as BrokerPosition);
    return equity;
  }

  /** Margin in use: every position's at its opening price, opposite ones included. */
  marginMicros(positions: readonly BrokerPosition[]): MicroMoney {
    let margin = 0;
    for (let i = 0; i < positions.length; i++) {
      const { instrumentId, cost } = positions[i] as BrokerPosition;
      margin += this.marginFor(instrumentId, cost);
    }
    return margin;
  }

  marginFor(instrumentId: number, cost: number): MicroMoney {
    return roundHalfAway(this.valueMicros(instrumentId, cost) / this.#leverage);
  }

  persist(archive: Archive): void {
    this.#balanceMicros = archive.number(this.#balanceMicros);
  }
}
