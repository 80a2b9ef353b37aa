// A broker in memory, of a hedging account: what a terminal in TypeScript trades with. Its books are the truth that ours must come to
// equal, and nothing in it is left to chance.

export interface MadePosition {
  readonly ticket: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly magic: string;
  readonly openPrice: number;
  readonly openMs: number;
  volumeLots: number;
  sl: string | null;
  tp: string | null;
}

export interface MadeDeal {
  readonly ticket: string;
  readonly order: string;
  readonly position: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly entry: "in" | "out";
  readonly reason: "expert" | "person" | "stop";
  readonly volumeLots: number;
  readonly price: number;
  readonly profit: number;
  readonly magic: string;
  readonly ms: number;
}

export interface MadeRequest {
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly volumeLots: number;
  readonly magic: string;
  /** To close; left out, it opens one. */
  readonly position?: string;
  readonly reason?: MadeDeal["reason"];
  readonly sl?: string | null;
  readonly tp?: string | null;
}

const CONTRACT_SIZE = 100_000;
const SPREAD = 0.0002;
const COMMISSION_PER_LOT = 3;

/** Cents. */
const rounded = (money: number): number => Math.round(money * 100) / 100;

export class MadeBroker {
  readonly positions = new Map<string, MadePosition>();
  readonly deals: MadeDeal[] = [];
  balance = 10_000;
  /** Of every symbol. */
  bid = 1.1;
  #nextTicket = 1_000;
  readonly #nowMs: () => number;

  /** @param nowMs the trade server's own time */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  static commissionOf({ volumeLots }: MadeDeal): number {
    return -rounded(volumeLots * COMMISSION_PER_LOT);
  }

  get equity(): number {
    let equity = this.balance;
    for (const position of this.positions.values()) equity += this.profitOf(position, position.volumeLots);
    return rounded(equity);
  }

  /** Undefined where the position that it names is not there. */
  trade(request: MadeRequest): MadeDeal | undefined {
    const { symbol, side, magic, position: closes, reason = "expert" } = request;
    const closed = closes === undefined ? undefined : this.positions.get(closes);
    if (closes !== undefined && closed === undefined) return undefined;
    const order = this.#ticket();
    const volumeLots = Math.min(request.volumeLots, closed?.volumeLots ?? request.volumeLots);
    const profit = closed === undefined ? 0 : this.profitOf(closed, volumeLots);
    const price = side === "buy" ? this.bid + SPREAD : this.bid;
    const ms = this.#nowMs();
    const deal: MadeDeal = {
      ticket: this.#ticket(),
      order,
      position: closed?.ticket ?? order,
      symbol,
      side,
      entry: closed === undefined ? "in" : "out",
      reason,
      volumeLots,
      price,
      profit,
      magic,
      ms,
    };
    this.deals.push(deal);
    this.balance = rounded(this.balance + profit + MadeBroker.commissionOf(deal));
    if (closed === undefined) {
      const { sl = null, tp = null } = request;
      this.positions.set(order, {
        ...{ ticket: order, symbol, side, magic, openPrice: price, openMs: ms },
        ...{ volumeLots, sl, tp },
      });
    } else this.#reduce(closed, volumeLots);
    return deal;
  }

  profitOf({ side, openPrice }: MadePosition, volumeLots: number): number {
    const move = side === "buy" ? this.bid - openPrice : openPrice - (this.bid + SPREAD);
    return rounded(move * volumeLots * CONTRACT_SIZE);
  }

  #reduce(position: MadePosition, volumeLots: number): void {
    position.volumeLots = Math.round((position.volumeLots - volumeLots) * 1e6) / 1e6;
    if (position.volumeLots === 0) this.positions.delete(position.ticket);
  }

  #ticket(): string {
    return String(++this.#nextTicket);
  }
}
