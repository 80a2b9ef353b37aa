// What a person does to the account on the page, one question at a time: an order is judged before it is sent, everything is asked before
// it is done, and what is sent twice is done once - each wish has a key of its own.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../../actors/base/result.ts";
import type { DeedMessage, PendingOrderMessage, VerdictMessage } from "../../api/order-schemas.ts";
import type { AccountMessage, PositionMessage } from "../../api/schemas.ts";
import type { Api, ApiFailure } from "./api.ts";
import { lots, words } from "./format.ts";
import type { Levels, OrderChange, PlaceWish } from "./trade-wish.ts";

export type Subject =
  | { readonly about: "place"; readonly symbol: string }
  | { readonly about: "close" | "levels"; readonly position: PositionMessage }
  | { readonly about: "change" | "cancel"; readonly order: PendingOrderMessage }
  | { readonly about: "mode"; readonly mode: AccountMessage["mode"] }
  | { readonly about: "drawdown" }
  /** null for what is about the account as a whole. */
  | { readonly about: "accept"; readonly symbol: string | null };

export interface TradeQuestion {
  readonly subject: Subject;
  /** Of a new order: what was judged, and how; gone as soon as anything is typed. */
  readonly judged: { readonly wish: PlaceWish; readonly verdict: VerdictMessage } | undefined;
  readonly isBusy: boolean;
  readonly trouble: string;
}

export interface TradePanelOptions {
  readonly api: Api;
  readonly newKey: () => string;
  /** Something was done, or may have been. */
  readonly onDone: () => void;
}

export class TradePanel {
  readonly #options: TradePanelOptions;
  readonly #question = signal<TradeQuestion | undefined>(undefined);
  /** What was done last, in words. */
  readonly notice = signal("");
  #sent = { wish: "", key: "" };

  constructor(options: TradePanelOptions) {
    this.#options = options;
  }

  /** Undefined while nothing is asked. */
  get question(): ReadonlySignal<TradeQuestion | undefined> {
    return this.#question;
  }

  ask(subject: Subject): void {
    this.#sent = { wish: "", key: "" };
    this.notice.value = "";
    this.#question.value = { subject, judged: undefined, isBusy: false, trouble: "" };
  }

  close(): void {
    this.#question.value = undefined;
  }

  /** Something was typed: what was judged is not what would be sent. */
  touch(): void {
    const question = this.#question.value;
    if (question === undefined || question.isBusy) return;
    if (question.judged !== undefined || question.trouble !== "")
      this.#update({ judged: undefined, trouble: "" });
  }

  refuse(trouble: string): void {
    this.#update({ trouble });
  }

  async judge(wish: PlaceWish): Promise<void> {
    if (this.#question.value?.isBusy !== false) return;
    this.#update({ isBusy: true, trouble: "", judged: undefined });
    const said = await this.#options.api.judge(wish);
    const [verdict] = said.ok ? said.value.items : [];
    if (verdict !== undefined) this.#update({ isBusy: false, judged: { wish, verdict } });
    else this.#update({ isBusy: false, trouble: said.ok ? "the account said nothing" : said.message });
  }

  async place(): Promise<void> {
    const wish = this.#question.value?.judged?.wish;
    if (wish !== undefined) await this.#do(wish, (key) => this.#options.api.place(wish, key));
  }

  async closePosition(id: string, closed: number | undefined): Promise<void> {
    await this.#do({ id, closed }, (key) => this.#options.api.closePosition(id, closed, key));
  }

  async setLevels(id: string, levels: Levels): Promise<void> {
    await this.#do({ id, levels }, (key) => this.#options.api.modifyPosition(id, levels, key));
  }

  async changeOrder(id: string, change: OrderChange): Promise<void> {
    await this.#do({ id, change }, (key) => this.#options.api.modifyOrder(id, change, key));
  }

  async cancelOrder(id: string): Promise<void> {
    await this.#do({ id }, (key) => this.#options.api.cancelOrder(id, key));
  }

  async setMode(mode: AccountMessage["mode"]): Promise<void> {
    await this.#set(() => this.#options.api.setMode(mode), `The account is ${words(mode)} now.`);
  }

  async resetDrawdown(): Promise<void> {
    await this.#set(() => this.#options.api.resetDrawdown(), "Drawdowns are measured anew.");
  }

  async acceptBooks(symbol: string | null): Promise<void> {
    await this.#set(() => this.#options.api.acceptBooks(symbol), "Accepted: entries go on.");
  }

  /** Needs no question: the terminal is only asked for its books. */
  async lookAtBooks(): Promise<void> {
    const asked = await this.#options.api.lookAtBooks();
    this.notice.value = asked.ok ? "Asked: the comparison follows when its books come." : asked.message;
    this.#options.onDone();
  }

  /** The same wish keeps its key, however often it is sent; another gets another. */
  async #do(wish: object, deed: (key: string) => Promise<Result<DeedMessage, ApiFailure>>): Promise<void> {
    if (this.#question.value?.isBusy !== false) return;
    const said = JSON.stringify(wish);
    if (said !== this.#sent.wish) this.#sent = { wish: said, key: this.#options.newKey() };
    this.#update({ isBusy: true, trouble: "" });
    const done = await deed(this.#sent.key);
    this.#options.onDone();
    if (!done.ok) this.#update({ isBusy: false, trouble: done.message });
    else if (done.value.status === "unknown") this.#update({ isBusy: false, trouble: done.value.reason });
    else this.#finish(noticeOf(done.value));
  }

  async #set(deed: () => Promise<Result<unknown, ApiFailure>>, notice: string): Promise<void> {
    if (this.#question.value?.isBusy !== false) return;
    this.#update({ isBusy: true, trouble: "" });
    const done = await deed();
    this.#options.onDone();
    if (done.ok) this.#finish(notice);
    else this.#update({ isBusy: false, trouble: done.message });
  }

  #finish(notice: string): void {
    this.notice.value = notice;
    this.close();
  }

  #update(change: Partial<TradeQuestion>): void {
    const question = this.#question.value;
    if (question !== undefined) this.#question.value = { ...question, ...change };
  }
}

function noticeOf({ symbol, status, filledLots, price }: DeedMessage): string {
  if (filledLots > 0) return `${symbol}: ${lots(filledLots)} lots filled at ${price ?? ""}.`;
  return status === "working" ? `${symbol}: the order waits at the broker.` : `${symbol}: done.`;
}
