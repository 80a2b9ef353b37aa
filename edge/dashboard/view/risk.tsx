// What the account is held to: its mode, its limits with what is left before each, how entries are sized, and what was refused.

import type { VNode } from "preact";
import type { RiskMessage } from "../../api/risk.ts";
import type { AccountMessage } from "../../api/schemas.ts";
import { NOTHING, percent, whole, words } from "../app/format.ts";
import { killName } from "../app/kill-panel.ts";
import { refusalText } from "../app/refusal-words.ts";
import { figureOf, shareOf } from "../app/risk-limits.ts";
import { Figure, Skeleton, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";

type ControlMessage = RiskMessage["account"][number];

export function Risk(): VNode {
  const { store, trade } = usePage();
  const { trouble } = store.part("risk").value;
  const risk = store.risk.value;
  const symbol = store.selected.value;
  const ofSymbol = risk?.symbols.find((each) => each.symbol === symbol);
  return (
    <div class="desk-body scroll risk">
      {trouble === "" ? "" : <Trouble text={trouble} />}
      <ModeSwitch />
      <p class="dim model-notice" role="status">
        {trade.notice.value}
      </p>
      {risk === undefined ? (
        <Skeleton rows={4} />
      ) : (
        <>
          <h3>Limits of the account</h3>
          <Limits controls={risk.account} />
          {ofSymbol === undefined ? (
            ""
          ) : (
            <>
              <h3>Limits on {symbol}</h3>
              <Limits controls={ofSymbol.controls} />
              <p class="dim about num">
                One order:{" "}
                {ofSymbol.order
                  .map((limit) => `${words(limit.control)} ${figureOf(limit.limit, limit.unit)}`)
                  .join(" · ")}
              </p>
            </>
          )}
          <Sizing sizing={risk.sizing} />
          <Refusals refusals={risk.refusals} />
        </>
      )}
    </div>
  );
}

const MODES: readonly { readonly mode: AccountMessage["mode"]; readonly name: string }[] = [
  { mode: "active", name: "Active" },
  { mode: "reducing", name: "Reduce only" },
  { mode: "halted", name: "Halted" },
];

function ModeSwitch(): VNode {
  const { store, trade, kill } = usePage();
  const account = store.account.value;
  return (
    <div class="mode-switch">
      <div class="choices" role="group" aria-label="What the account lets in">
        {MODES.map(({ mode, name }) => (
          <button
            key={mode}
            type="button"
            class="button"
            aria-pressed={account?.mode === mode}
            onClick={() => trade.ask({ about: "mode", mode })}
          >
            {name}
          </button>
        ))}
      </div>
      <button type="button" class="button" onClick={() => trade.ask({ about: "drawdown" })}>
        Reset drawdown …
      </button>
      <button type="button" class="button is-grave" onClick={() => kill.wishToTrip()}>
        Kill switch …
      </button>
      <span class="dim">
        {account === undefined || account.trip === null ? "armed" : `tripped: ${killName(account.trip.mode)}`}
      </span>
    </div>
  );
}

function Limits({ controls }: { controls: readonly ControlMessage[] }): VNode {
  return (
    <table class="rows limits">
      <thead>
        <tr>
          <th scope="col">Control</th>
          <th scope="col" class="right">
            Now
          </th>
          <th scope="col" class="right">
            Limit
          </th>
          <th scope="col" class="right roomy-only">
            Left
          </th>
          <th scope="col" class="bar-column">
            Used
          </th>
        </tr>
      </thead>
      <tbody>
        {controls.map((control) => (
          <LimitRow key={control.control} control={control} />
        ))}
      </tbody>
    </table>
  );
}

function LimitRow({ control }: { control: ControlMessage }): VNode {
  const { unit, value, limit, headroom, passes } = control;
  const isMeasured = unit !== "flag" && limit !== null && limit > 0;
  const share = isMeasured ? shareOf(control) : passes ? 0 : 1;
  const tone = !passes ? "is-bad" : share > 0.8 ? "is-warn" : "";
  return (
    <tr>
      <td title={refusalText(control.control)}>{words(control.control)}</td>
      <td class={`num right ${passes ? "" : "is-bad"}`}>{figureOf(value, unit)}</td>
      <td class="num right dim">{figureOf(limit, unit)}</td>
      <td class="num right dim roomy-only">{unit === "flag" ? NOTHING : figureOf(headroom, unit)}</td>
      <td class="bar-column">
        <span
          class={`meter ${tone}`}
          role="img"
          aria-label={passes ? `${percent(share)} used` : "stops entries"}
        >
          <span style={{ width: `${(Math.min(1, share) * 100).toFixed(1)}%` }} />
        </span>
      </td>
    </tr>
  );
}

function Sizing({ sizing }: { sizing: RiskMessage["sizing"] }): VNode {
  return (
    <>
      <h3>Size of an entry</h3>
      <dl class="figures">
        <Figure label="Risk of a trade" title="Share of equity lost when its stop is hit">
          {percentage(sizing.riskFraction)}
        </Figure>
        <Figure label="Method">{words(sizing.method)}</Figure>
        <Figure label="Kelly" title="Share of Kelly's stake">
          {percentage(sizing.kellyFraction)}
        </Figure>
        <Figure label="By confidence">{percentage(sizing.confidenceShare)}</Figure>
        <Figure label="By agreement">{percentage(sizing.uncertaintyShare)}</Figure>
      </dl>
    </>
  );
}

function percentage(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function Refusals({ refusals }: { refusals: RiskMessage["refusals"] }): VNode {
  const rows = Object.entries(refusals).sort(([, a], [, b]) => b - a);
  return (
    <>
      <h3>Refused entries</h3>
      {rows.length === 0 ? (
        <p class="dim about">None was refused.</p>
      ) : (
        <table class="rows refused">
          <tbody>
            {rows.map(([code, count]) => (
              <tr key={code}>
                <td class="num right">{whole(count)}</td>
                <td>{words(code)}</td>
                <td class="dim">{refusalText(code)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
