// Members and models: what each turned out to be worth on the selected symbol, how well what was said fits what happened, what was
// said lately, and which features have moved.

import { Fragment, type VNode } from "preact";
import type { ModelsMessage } from "../../api/models.ts";
import { NOTHING, percent, whole, words } from "../app/format.ts";
import { MODEL_ROWS_MIN } from "../app/limits.ts";
import { horizonText, modelRows, type ModelRow, signalLines, storedLines } from "../app/model-rows.ts";
import { Empty, Skeleton, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";
import { ModelDeeds } from "./model-deeds.tsx";
import { CalibrationPlot, VotesPlot } from "./model-plots.tsx";

export function Models(): VNode {
  const { store } = usePage();
  const symbol = store.selected.value;
  const { trouble } = store.part("models").value;
  const known = store.models.value;
  const message = known?.symbol === symbol ? known.value : undefined;
  return (
    <div class="desk-body models scroll">
      {trouble === "" ? "" : <Trouble text={trouble} />}
      {message === undefined && trouble === "" ? <Skeleton rows={5} /> : ""}
      {message === undefined ? "" : <Scores message={message} symbol={symbol} />}
    </div>
  );
}

function Scores({ message, symbol }: { message: ModelsMessage; symbol: string }): VNode {
  const { store } = usePage();
  const rows = modelRows(message, symbol);
  const open =
    rows.find(({ name }) => name === store.openModel.value) ??
    rows.find(({ live }) => live !== undefined && live.all !== null) ??
    rows.find(({ version }) => version !== undefined);
  if (rows.length === 0) {
    return (
      <Empty icon="models" title={`Nobody is scored on ${symbol} yet`}>
        Votes are scored as their horizons pass, which takes some minutes of open market.
      </Empty>
    );
  }
  return (
    <>
      <h3>
        Who answers on {symbol} <span class="dim">over the last settled answers</span>
      </h3>
      <p class="model-notice" role="status">
        {store.modelNotice.value}
      </p>
      <ScoreTable rows={rows} open={open?.name ?? ""} />
      {message.items.length === 0 ? (
        <p class="model-note dim">
          No models are registered: rule members vote alone. “tickforge models register” makes one known.
        </p>
      ) : (
        ""
      )}
      <div class="model-plots">
        {open?.live === undefined || open.live.calibration.length === 0 ? (
          ""
        ) : (
          <CalibrationPlot name={open.name} bins={open.live.calibration} />
        )}
        <Votes symbol={symbol} />
        <Drift message={message} symbol={symbol} />
      </div>
    </>
  );
}

function ScoreTable({ rows, open }: { rows: readonly ModelRow[]; open: string }): VNode {
  return (
    <table class="rows scores">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col" class="wide-only">
            On
          </th>
          <th scope="col" class="right">
            Rows
          </th>
          <th scope="col" class="right" title="Right guesses, and the interval at 95 %">
            Right
          </th>
          <th scope="col" class="right" title="Brier skill: above 0 is better than the base rate">
            Skill
          </th>
          <th scope="col" class="right" title="Expected calibration error">
            ECE
          </th>
          <th scope="col" class="right roomy-only" title="Area under the ROC curve: 0.5 is chance">
            AUC
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Fragment key={row.name}>
            <ScoreRow row={row} isOpen={row.name === open} />
            {row.name === open ? <ModelDeeds row={row} rows={rows} /> : ""}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

const STATUS_TONES: Readonly<Record<ModelRow["status"], string>> = {
  champion: "is-good",
  rule: "is-pending",
  asked: "is-pending",
  shadow: "is-warn",
  retired: "is-pending",
  quarantined: "is-bad",
};

function ScoreRow({ row, isOpen }: { row: ModelRow; isOpen: boolean }): VNode {
  const { store } = usePage();
  const { name, member, status, event, horizonSeconds, live } = row;
  const all = live?.all ?? null;
  return (
    <tr class={isOpen ? "is-open" : ""}>
      <td class="model-name">
        <button
          type="button"
          class="button-text"
          aria-pressed={isOpen}
          disabled={all === null && row.version === undefined}
          title={`Look at ${name}`}
          onClick={() => {
            store.openModel.value = name;
            store.modelNotice.value = "";
          }}
        >
          {name}
        </button>
        <span class={`status ${STATUS_TONES[status]}`} title={`as ${member}`}>
          {status}
        </span>
      </td>
      <td class="wide-only dim">
        {words(event)} {horizonText(horizonSeconds)}
      </td>
      {all === null ? (
        <td colSpan={5} class="dim right">
          {live === undefined || live.settled === 0
            ? "no settled answer yet"
            : `not enough rows yet: ${live.settled} of ${MODEL_ROWS_MIN}`}
        </td>
      ) : (
        <>
          <td class="num right">{whole(all.rows)}</td>
          <td
            class="num right"
            title={`${percent(all.accuracyLow)} to ${percent(all.accuracyHigh)}; the base rate is ${percent(all.baseRate)}`}
          >
            {`${(100 * all.accuracy).toFixed(1)}%`}
          </td>
          <td class={`num right ${(all.brierSkill ?? 0) > 0 ? "is-up" : "is-down"}`}>
            {all.brierSkill === null ? NOTHING : all.brierSkill.toFixed(3)}
          </td>
          <td class="num right">{all.ece.toFixed(3)}</td>
          <td class="num right roomy-only">{all.auc === null ? NOTHING : all.auc.toFixed(3)}</td>
        </>
      )}
    </tr>
  );
}

/** Stored votes, or those that came with signals where none are stored. */
function Votes({ symbol }: { symbol: string }): VNode {
  const { store } = usePage();
  const stored = store.votes.value;
  const lines = stored?.symbol === symbol ? storedLines(stored.value) : [];
  const isStored = lines.length > 0;
  return (
    <VotesPlot
      lines={isStored ? lines : signalLines(store.signals.value, symbol)}
      note={isStored ? "" : "those that came with signals: no votes are stored"}
    />
  );
}

function Drift({ message, symbol }: { message: ModelsMessage; symbol: string }): VNode | null {
  const drift = message.symbols.find((each) => each.symbol === symbol)?.drift ?? [];
  if (drift.length === 0) return null;
  const most = Math.max(DRIFT_LARGE, ...drift.map(({ index }) => index));
  return (
    <figure class="drift">
      <figcaption>
        Features that moved <span class="dim">stability index, {DRIFT_LARGE} is a large shift</span>
      </figcaption>
      <table class="rows">
        <tbody>
          {drift.map(({ feature, index }) => (
            <tr key={feature}>
              <td>{feature}</td>
              <td class="bar-column" aria-hidden="true">
                <span class="meter">
                  <span style={{ width: `${((100 * index) / most).toFixed(1)}%` }} />
                </span>
              </td>
              <td class={`num right ${index > DRIFT_LARGE ? "is-warn" : ""}`}>{index.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

const DRIFT_LARGE = 0.25;
