// The signals, newest first. Each opens to its reasons and the votes behind it.

import type { VNode } from "preact";
import type { SignalMessage } from "../../api/schemas.ts";
import { duration, percent, price, probability, reasonParts, words } from "../app/format.ts";
import { keptToken } from "../app/token.ts";
import { Empty, Lean, leanShare, Regime, SideTag, Skeleton, Time, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";
import { Icon } from "./icons.tsx";

export function Signals(): VNode {
  const { store } = usePage();
  const { isLoaded, trouble } = store.part("signals").value;
  const selected = store.selected.value;
  const isFiltered = store.isSignalsFiltered.value;
  const all = store.signals.value;
  const shown = isFiltered ? all.filter(({ symbol }) => symbol === selected) : all;
  return (
    <section class="pane signals" aria-label="Signals">
      <div class="pane-head">
        <h2>Signals</h2>
        <span class="dim num">{shown.length === 0 ? "" : shown.length}</span>
        <label class="check">
          <input
            type="checkbox"
            checked={isFiltered}
            onChange={(event) => (store.isSignalsFiltered.value = event.currentTarget.checked)}
          />
          <span>only {selected === "" ? "selected" : selected}</span>
        </label>
      </div>
      {trouble === "" ? "" : <Trouble text={trouble} />}
      {isLoaded || trouble !== "" || all.length > 0 ? "" : <Skeleton rows={6} />}
      {isLoaded && shown.length === 0 ? (
        <Empty icon="signals" title={isFiltered ? `No signal of ${selected} yet` : "No signal yet"}>
          One appears when the members agree strongly enough and risk allows it. Quiet markets can take a
          while.
        </Empty>
      ) : (
        ""
      )}
      <ul class="signal-rows scroll">
        {shown.map((signal) => (
          <SignalRow key={signal.id} signal={signal} isOpen={store.openSignal.value === signal.id} />
        ))}
      </ul>
    </section>
  );
}

function SignalRow({ signal, isOpen }: { signal: SignalMessage; isOpen: boolean }): VNode {
  const { store, select } = usePage();
  const toggle = (): void => {
    store.openSignal.value = isOpen ? 0 : signal.id;
    if (!isOpen) select(signal.symbol);
  };
  const panelId = `signal-${signal.id}`;
  return (
    <li class={`signal${isOpen ? " is-open" : ""}`}>
      <button
        type="button"
        class="signal-head"
        aria-expanded={isOpen}
        aria-controls={panelId}
        onClick={toggle}
      >
        <SideTag side={signal.prediction} />
        <b>{signal.symbol}</b>
        <span class="signal-confidence num" title="Probability of the chosen side">
          {percent(signal.confidence)}
          <span class="meter" aria-hidden="true">
            <span style={{ width: percent(leanShare(signal.confidence)) }} />
          </span>
        </span>
        <span class="dim num">
          <Time iso={signal.timestamp} />
        </span>
        <Icon name="expand" size={14} />
        <span class="signal-why dim">
          <Regime name={signal.regime} />
          {signal.tradable ? "" : <span class="tag is-warn">not tradable</span>}
        </span>
      </button>
      {isOpen ? (
        <div class="signal-body" id={panelId}>
          <Reasons reasons={signal.reasons} />
          <Votes signal={signal} />
          <Levels signal={signal} />
          {keptToken() === "" ? <Dossier id={signal.id} /> : ""}
        </div>
      ) : (
        ""
      )}
    </li>
  );
}

/** A link carries no token, so where one is asked for there is none. */
function Dossier({ id }: { id: number }): VNode {
  return (
    <p>
      <a href={`/api/v1/explain/signal:${id}?format=html`} target="_blank" rel="noopener">
        Everything behind it
      </a>
    </p>
  );
}

function Reasons({ reasons }: { reasons: readonly string[] }): VNode {
  return (
    <div>
      <h3>Reasons</h3>
      <ul class="reasons" aria-label="Reasons, strongest first">
        {reasons.map((code) => {
          const { name, value } = reasonParts(code);
          return (
            <li key={code}>
              <span>{name}</span>
              {value === "" ? "" : <b class="num">{value}</b>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Votes({ signal }: { signal: SignalMessage }): VNode {
  return (
    <table class="votes">
      <caption>Member votes</caption>
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col" class="votes-axis">
            <span>▼ down</span>
            <span>up ▲</span>
          </th>
          <th scope="col">P(up)</th>
          <th scope="col" title="Share of the vote">
            Weight
          </th>
        </tr>
      </thead>
      <tbody>
        {signal.votes.map(({ member, probabilityUp, weight, ageMillis }) => (
          <tr key={member} title={`voted ${duration(ageMillis / 1_000)} before the decision`}>
            <td>{words(member)}</td>
            <td>
              <Lean probability={probabilityUp} label={`${member} says ${probability(probabilityUp)}`} />
            </td>
            <td class="num">{probability(probabilityUp)}</td>
            <td class="num">
              <span class="weight">
                <span class="meter" aria-hidden="true">
                  <span style={{ width: percent(weight) }} />
                </span>
                {percent(weight)}
              </span>
            </td>
          </tr>
        ))}
        <tr class="votes-total">
          <td>Together</td>
          <td>
            <Lean
              probability={signal.probabilityUp}
              label={`together ${probability(signal.probabilityUp)}`}
            />
          </td>
          <td class="num">{probability(signal.probabilityUp)}</td>
          <td class="num">calibrated</td>
        </tr>
      </tbody>
    </table>
  );
}

function Levels({ signal }: { signal: SignalMessage }): VNode {
  const { store, now } = usePage();
  const digits = store.digitsOf(signal.symbol);
  const leftSeconds = (Date.parse(signal.expiresAt) - now.value) / 1_000;
  const rows: readonly (readonly [string, string])[] = [
    ["Bid", price(signal.bid, digits)],
    ["Ask", price(signal.ask, digits)],
    ["Stop loss", price(signal.stopLoss, digits)],
    ["Take profit", price(signal.takeProfit, digits)],
    ["Expires", leftSeconds > 0 ? `in ${duration(leftSeconds)}` : "expired"],
    ["Record", `#${signal.id}`],
  ];
  return (
    <dl class="levels">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
