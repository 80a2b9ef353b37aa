// MetaTrader terminals: who is connected and how late its ticks are, what was lost, what nobody knows the name of, and how the account's
// books stand against the broker's.

import type { VNode } from "preact";
import type { Mt5Message } from "../../api/mt5.ts";
import type { ReconciliationMessage } from "../../api/reconciliation.ts";
import { lots, micros, money, NOTHING, whole, words } from "../app/format.ts";
import { Empty, Figure, Skeleton, Time, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";

type TerminalAccount = Mt5Message["accounts"][number];
type TerminalConnection = TerminalAccount["connections"][number];

export function Terminals(): VNode {
  const { store } = usePage();
  const mt5 = store.mt5.value;
  const books = store.books.value;
  const troubles = [store.part("mt5").value.trouble, store.part("books").value.trouble];
  const trouble = troubles.find((text) => text !== "") ?? "";
  return (
    <div class="desk-body scroll terminals">
      {trouble === "" ? "" : <Trouble text={trouble} />}
      {mt5 === undefined ? trouble === "" ? <Skeleton rows={4} /> : "" : <Bridge mt5={mt5} />}
      {books === undefined ? "" : <Books books={books} />}
    </div>
  );
}

function Bridge({ mt5 }: { mt5: Mt5Message }): VNode {
  if (!mt5.enabled) {
    return (
      <Empty icon="mt5" title="No terminal can connect">
        Start with --mt5 to let MetaTrader terminals in.
      </Empty>
    );
  }
  const { acknowledgements: acks } = mt5;
  return (
    <>
      <p class="dim about num">
        {mt5.url} · ticks acknowledged {whole(acks.count)} times, p50 {latency(acks.p50Micros)}, p99{" "}
        {latency(acks.p99Micros)}
        {mt5.ended.map(({ why, count }) => ` · ended ${count}: ${words(why)}`).join("")}
      </p>
      {mt5.accounts.length === 0 ? (
        <Empty icon="mt5" title="No terminal has connected yet">
          Enrol one: tickforge mt5 enrol
        </Empty>
      ) : (
        mt5.accounts.map((account) => <Account key={account.account} account={account} />)
      )}
      {mt5.trading === null ? "" : <Trading trading={mt5.trading} />}
      <Gaps gaps={mt5.gaps} />
    </>
  );
}

function Account({ account }: { account: TerminalAccount }): VNode {
  const acknowledged = account.streams.reduce((sum, stream) => sum + stream.acknowledgedSeq, 0);
  return (
    <>
      <h3>
        {account.account}{" "}
        <span class="dim num">
          {account.login} at {account.server}, {account.mode}, {account.margining}
        </span>
      </h3>
      <dl class="figures">
        <Figure label="Equity">{money(account.equity)}</Figure>
        <Figure label="Free margin">{money(account.marginFree)}</Figure>
        <Figure label="Trading" tone={account.tradeAllowed ? "" : "is-bad"}>
          {account.tradeAllowed ? "allowed" : "not allowed"}
        </Figure>
        <Figure
          label="Clock ahead of UTC"
          title={account.isOffsetProven ? "Ticks have shown it" : "Not proven by ticks yet"}
        >
          {account.brokerOffsetSeconds / 3_600} h{account.isOffsetProven ? "" : " ?"}
        </Figure>
        <Figure label="Last ack" title="Ticks acknowledged, over all streams">
          {whole(acknowledged)}
        </Figure>
        <Figure label="Picture">
          <Time iso={account.snapshotTime} />
        </Figure>
      </dl>
      <Connections connections={account.connections} />
      {account.unmapped.length === 0 ? (
        ""
      ) : (
        <ul class="lines">
          {account.unmapped.map(({ symbol, ticks, how }) => (
            <li key={symbol} class="is-warn">
              {symbol} means no instrument here ({whole(ticks)} ticks): {how}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Connections({ connections }: { connections: readonly TerminalConnection[] }): VNode {
  if (connections.length === 0) return <p class="about is-warn">No terminal is connected.</p>;
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Slot</th>
          <th scope="col">Heard</th>
          <th scope="col">Broker</th>
          <th scope="col" class="right" title="From the terminal to here, beyond the shortest way">
            Tick delay
          </th>
          <th scope="col" class="right">
            Ping
          </th>
          <th scope="col" class="right" title="Ticks that the terminal keeps until they are acknowledged">
            Unacked
          </th>
          <th scope="col" class="right wide-only">
            Ticks
          </th>
          <th scope="col" class="right">
            Lost
          </th>
        </tr>
      </thead>
      <tbody>
        {connections.map((connection) => (
          <tr key={connection.session} title={`${connection.address}, EA ${connection.eaVersion}`}>
            <td>
              {connection.slot}
              {connection.isReadOnly ? <span class="dim"> watches</span> : ""}
              {connection.isKilled ? <span class="is-bad"> killed</span> : ""}
            </td>
            <td class="num dim">
              <Time iso={connection.heardTime} />
            </td>
            <td class={connection.isBrokerThere === false ? "is-bad" : ""}>
              {connection.isBrokerThere === null ? NOTHING : connection.isBrokerThere ? "there" : "away"}
            </td>
            <td class="num right">{millis(connection.tickDelayMillis)}</td>
            <td class="num right">{millis(connection.brokerPingMillis)}</td>
            <td class="num right">{connection.unacknowledged ?? NOTHING}</td>
            <td class="num right wide-only">{whole(connection.ticks)}</td>
            <td class={`num right ${connection.lost + connection.unread > 0 ? "is-warn" : ""}`}>
              {whole(connection.lost + connection.unread)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Orders that go to terminals: who takes them, and how long each stage of their way takes. */
function Trading({ trading }: { trading: NonNullable<Mt5Message["trading"]> }): VNode {
  return (
    <>
      <h3>
        Orders <span class="dim num">of {trading.account}</span>
      </h3>
      <p class="dim about num">
        {whole(trading.sent)} sent · {whole(trading.neverLeft)} never left · {whole(trading.overdue)} without
        an answer in time · {whole(trading.reportsWaiting)} reports wait
        {trading.connections
          .map(
            ({ slot, isFenced, isReconciled, mode, unanswered, breaker }) =>
              ` · slot ${slot}: ${isFenced && isReconciled ? mode : "not ready"}, ${unanswered} unanswered, breaker ${breaker}`,
          )
          .join("")}
      </p>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Stage of an order</th>
            <th scope="col" class="right">
              Orders
            </th>
            <th scope="col" class="right">
              p50
            </th>
            <th scope="col" class="right">
              p99
            </th>
          </tr>
        </thead>
        <tbody>
          {trading.stages.map(({ stage, count, p50Micros, p99Micros }) => (
            <tr key={stage}>
              <td>{stage}</td>
              <td class="num right">{whole(count)}</td>
              <td class="num right">{latency(p50Micros)}</td>
              <td class="num right">{latency(p99Micros)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Gaps({ gaps }: { gaps: Mt5Message["gaps"] }): VNode | null {
  if (gaps.length === 0) return null;
  return (
    <>
      <h3>Gaps, in the trade server's time</h3>
      <ul class="lines num">
        {gaps.map((gap) => (
          <li key={`${gap.symbol} ${gap.fromBrokerTime}`}>
            {gap.symbol} {gap.fromBrokerTime} – {gap.toBrokerTime}: {gap.ticks ?? "some"} ticks, {gap.reason}
          </li>
        ))}
      </ul>
    </>
  );
}

function Books({ books }: { books: ReconciliationMessage }): VNode {
  const { trade } = usePage();
  if (!books.enabled) {
    return <p class="dim about">The account trades on paper: there are no books of a broker to compare.</p>;
  }
  const { last, standing, external } = books;
  const subjects = [...new Set(standing.map(({ symbol }) => symbol))];
  return (
    <>
      <h3>
        The broker's books{" "}
        <span class={books.agrees ? "dim" : "is-bad"}>{books.agrees ? "agree" : "do not agree"}</span>
      </h3>
      <div class="trade-bar">
        <button type="button" class="button" onClick={() => void trade.lookAtBooks()}>
          Compare now
        </button>
        <p class="dim" role="status">
          {last === null ? "They were not compared yet: entries wait. " : "Compared "}
          {last === null ? "" : <Time iso={last.time} withDay />} {trade.notice.value}
        </p>
      </div>
      <ul class="lines">
        {standing.map(({ what, symbol, subject, message, since }) => (
          <li key={`${what} ${subject}`} class="is-bad">
            <b>
              {words(what)} {symbol ?? ""}
            </b>{" "}
            since <Time iso={since} />: {message}
          </li>
        ))}
      </ul>
      {subjects.map((symbol) => (
        <button
          key={symbol ?? ""}
          type="button"
          class="button accept"
          onClick={() => trade.ask({ about: "accept", symbol })}
        >
          Accept what stands {symbol === null ? "on the account" : `on ${symbol}`} …
        </button>
      ))}
      {external.length === 0 ? (
        ""
      ) : (
        <ul class="lines num">
          {external.map((position) => (
            <li key={position.positionId}>
              not ours: {position.side} {lots(position.lots)} {position.symbol}, {money(position.profit)}
            </li>
          ))}
        </ul>
      )}
      <ul class="lines dim">
        {(last?.findings ?? [])
          .filter(({ resolved }) => resolved)
          .map(({ what, subject, message }) => (
            <li key={`${what} ${subject}`}>
              {words(what)}: {message}
            </li>
          ))}
      </ul>
    </>
  );
}

function latency(value: number | null): string {
  return value === null ? NOTHING : micros(value);
}

function millis(value: number | null): string {
  return value === null ? NOTHING : `${Number(value.toFixed(1))} ms`;
}
