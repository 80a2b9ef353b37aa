// The questions before something is done to the account: an order ticket with what the account would say to it, and what is closed,
// changed, cancelled or set.

import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { OrderType } from "../../../actors/domain/order.ts";
import type { Result } from "../../../actors/base/result.ts";
import type { VerdictMessage } from "../../api/order-schemas.ts";
import { lots, words } from "../app/format.ts";
import { refusalText } from "../app/refusal-words.ts";
import { figureOf } from "../app/risk-limits.ts";
import type { Subject, TradePanel, TradeQuestion } from "../app/trade-panel.ts";
import {
  closeLotsOf,
  givenOf,
  levelsOf,
  ORDER_TYPES,
  orderChangeOf,
  placeWishOf,
} from "../app/trade-wish.ts";
import { Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";

export function TradeDialog(): VNode | null {
  const { trade } = usePage();
  const question = trade.question.value;
  return question === undefined ? null : <OpenTradeDialog question={question} />;
}

function OpenTradeDialog({ question }: { question: TradeQuestion }): VNode {
  const { trade } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const { subject, isBusy, trouble, judged } = question;
  const { title, verb, isGrave = false } = wordsOf(subject);
  const isApproved = judged?.verdict.approved === true;
  const isCheck = subject.about === "place" && !isApproved;
  return (
    <dialog
      ref={dialog}
      class="help model-wish trade-dialog"
      aria-labelledby="trade-title"
      onClose={() => trade.close()}
    >
      <form
        class="help-inner"
        noValidate
        onInput={() => trade.touch()}
        onSubmit={(event) => {
          event.preventDefault();
          perform(trade, question, givenOf(event.currentTarget));
        }}
      >
        <div class="pane-head">
          <h2 id="trade-title">{title}</h2>
        </div>
        <Fields subject={subject} />
        <div aria-live="polite">
          {judged === undefined ? "" : <Verdict verdict={judged.verdict} />}
          {trouble === "" ? "" : <Trouble text={trouble} />}
        </div>
        <p class="model-wish-buttons">
          <button type="button" class="button" onClick={() => trade.close()}>
            {trouble === "" ? "Cancel" : "Close"}
          </button>
          <button type="submit" class={`button ${isGrave ? "is-grave" : "is-meant"}`} disabled={isBusy}>
            {isBusy ? "…" : isCheck ? "Check" : verb}
          </button>
        </p>
      </form>
    </dialog>
  );
}

interface Words {
  readonly title: string;
  readonly verb: string;
  readonly isGrave?: boolean;
}

function wordsOf(subject: Subject): Words {
  switch (subject.about) {
    case "place":
      return { title: "New order", verb: "Place order" };
    case "close":
      return { title: `Close ${nameOf(subject.position)}?`, verb: "Close it", isGrave: true };
    case "levels":
      return { title: `Stop and target of ${nameOf(subject.position)}`, verb: "Set them" };
    case "change":
      return { title: `Change the ${subject.order.type} on ${subject.order.symbol}`, verb: "Change it" };
    case "cancel":
      return {
        title: `Cancel the ${subject.order.type} on ${subject.order.symbol}?`,
        verb: "Cancel the order",
        isGrave: true,
      };
    case "mode":
      return {
        title: `Set the account to ${words(subject.mode)}?`,
        verb: "Set it",
        isGrave: subject.mode !== "active",
      };
    case "drawdown":
      return { title: "Measure drawdowns anew?", verb: "Measure anew", isGrave: true };
    case "accept":
      return { title: "Accept what stands?", verb: "Accept", isGrave: true };
  }
}

function nameOf({ type, lots: held, symbol }: { type: string; lots: number; symbol: string }): string {
  return `${type} ${lots(held)} ${symbol}`;
}

function perform(trade: TradePanel, question: TradeQuestion, given: Readonly<Record<string, string>>): void {
  const { subject, judged } = question;
  const read = <T,>(result: Result<T, string>, act: (value: T) => Promise<void>): void => {
    if (result.ok) void act(result.value);
    else trade.refuse(result.message);
  };
  switch (subject.about) {
    case "place":
      if (judged?.verdict.approved === true) void trade.place();
      else read(placeWishOf(given), (wish) => trade.judge(wish));
      return;
    case "close": {
      const { ticket, lots: held } = subject.position;
      read(closeLotsOf(given, held), (closed) => trade.closePosition(ticket, closed));
      return;
    }
    case "levels":
      read(levelsOf(given), (levels) => trade.setLevels(subject.position.ticket, levels));
      return;
    case "change":
      read(orderChangeOf(given), (change) => trade.changeOrder(subject.order.id, change));
      return;
    case "cancel":
      void trade.cancelOrder(subject.order.id);
      return;
    case "mode":
      void trade.setMode(subject.mode);
      return;
    case "drawdown":
      void trade.resetDrawdown();
      return;
    case "accept":
      void trade.acceptBooks(subject.symbol);
  }
}

function Fields({ subject }: { subject: Subject }): VNode {
  switch (subject.about) {
    case "place":
      return <TicketFields symbol={subject.symbol} />;
    case "close":
      return (
        <Grid>
          <Field name="lots" label="Lots" value={subject.position.lots} hint="fewer close a part of it" />
        </Grid>
      );
    case "levels":
      return (
        <Grid>
          <Field name="stopLoss" label="Stop" value={subject.position.stopLoss} />
          <Field name="takeProfit" label="Target" value={subject.position.takeProfit} hint="empty for none" />
        </Grid>
      );
    case "change": {
      const { order } = subject;
      return (
        <Grid>
          <Field name="price" label="Price" value={order.price} />
          {order.limitPrice === null ? (
            ""
          ) : (
            <Field name="limitPrice" label="Limit price" value={order.limitPrice} />
          )}
          <Field name="stopLoss" label="Stop" value={order.stopLoss} />
          <Field name="takeProfit" label="Target" value={order.takeProfit} hint="empty for none" />
        </Grid>
      );
    }
    case "cancel":
      return <p class="dim">It may fill until the broker has taken it back.</p>;
    case "mode":
      return <p class="dim">{MODE_TEXTS[subject.mode]}</p>;
    case "drawdown":
      return (
        <p class="dim">
          The present equity becomes the highest, and losses in a row begin anew. Limits that were reached let
          entries in again.
        </p>
      );
    case "accept":
      return (
        <p class="dim">
          What stands {subject.symbol === null ? "on the account" : `on ${subject.symbol}`} is taken as the
          broker has it, and entries go on. Look at each line first.
        </p>
      );
  }
}

const MODE_TEXTS = {
  active: "Everything that the controls approve is let in.",
  reducing: "Only what makes a position smaller is let in, orders by hand too.",
  halted: "Nothing is let in. Exits always leave.",
} as const;

function TicketFields({ symbol }: { symbol: string }): VNode {
  const { store } = usePage();
  const [type, setType] = useState<OrderType>("market");
  return (
    <>
      <div class="ticket-sides" role="radiogroup" aria-label="Side">
        {(["BUY", "SELL"] as const).map((side, index) => (
          <label key={side} class={`tag ${index === 0 ? "is-up" : "is-down"}`}>
            <input type="radio" name="side" value={side} defaultChecked={index === 0} /> {side}
          </label>
        ))}
      </div>
      <Grid>
        <label class="field">
          <span>Symbol</span>
          <select name="symbol" defaultValue={symbol}>
            {store.names.value.map((name) => (
              <option key={name} value={name} selected={name === symbol}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Type</span>
          <select name="type" onChange={(event) => setType(event.currentTarget.value as OrderType)}>
            {ORDER_TYPES.map((choice) => (
              <option key={choice.type} value={choice.type}>
                {choice.name}
              </option>
            ))}
          </select>
        </label>
        <Field name="lots" label="Lots" value={null} />
        {type === "market" ? (
          ""
        ) : (
          <Field name="price" label={type === "limit" ? "Limit" : "Trigger"} value={null} />
        )}
        {type === "stop-limit" ? <Field name="limitPrice" label="Limit price" value={null} /> : ""}
        <Field name="stopLoss" label="Stop" value={null} />
        <Field name="takeProfit" label="Target" value={null} hint="may be empty" />
        {type === "market" ? (
          ""
        ) : (
          <label class="field">
            <span>Waits</span>
            <select name="timeInForce">
              <option value="gtc">until it is cancelled</option>
              <option value="day">until the day ends</option>
            </select>
          </label>
        )}
      </Grid>
      <Quote />
    </>
  );
}

/** What it would be placed against, moving. */
function Quote(): VNode | null {
  const { store } = usePage();
  const view = store.symbol(store.selected.value)?.value;
  if (view === undefined || view.bid === null || view.ask === null) return null;
  return (
    <p class="dim num">
      {view.symbol} {view.bid.toFixed(view.digits)} / {view.ask.toFixed(view.digits)}
    </p>
  );
}

function Verdict({ verdict }: { verdict: VerdictMessage }): VNode {
  const failed = verdict.checks.filter(({ passed }) => !passed);
  return (
    <div class={`verdict ${verdict.approved ? "is-good" : "is-bad"}`} role="status">
      <b>{verdict.approved ? "The account would take it." : `Refused: ${words(verdict.code)}.`}</b>
      {verdict.approved ? (
        <p class="dim">{verdict.checks.length} controls passed. Nothing is sent yet.</p>
      ) : (
        <p>{refusalText(verdict.code, verdict.message)}</p>
      )}
      {failed.length === 0 ? (
        ""
      ) : (
        <ul>
          {failed.map(({ control, unit, value, limit }) => (
            <li key={control} class="num">
              {words(control)}: {figureOf(value, unit)} against {figureOf(limit, unit)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Grid({ children }: { children: ComponentChildren }): VNode {
  return <div class="ticket-grid">{children}</div>;
}

function Field(props: { name: string; label: string; value: number | null; hint?: string }): VNode {
  const { name, label, value, hint } = props;
  return (
    <label class="field">
      <span>
        {label} {hint === undefined ? "" : <span class="dim">{hint}</span>}
      </span>
      <input
        name={name}
        class="num"
        inputMode="decimal"
        autocomplete="off"
        maxLength={16}
        defaultValue={value === null ? "" : String(value)}
      />
    </label>
  );
}
