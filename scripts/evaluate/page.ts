// The report of an evaluation as one page for people: nothing is loaded from anywhere, and it is readable on a phone.

import { type Cell, escaped, grid, page, table } from "../../edge/html.ts";
import { Chart, rangeAround } from "./charts.ts";
import { wantedOf } from "./goals.ts";
import type { EvaluatedMarket, EvaluationReport, EvaluationResult, Scores } from "./report.ts";

/** Features that moved most, of each symbol. */
const MOVED_SHOWN = 6;

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const plain = (value: number): string => value.toFixed(3);

function around(
  { value, low, high }: { value: number; low: number | null; high: number | null },
  digits = 3,
): string {
  const text = value.toFixed(digits);
  return low === null || high === null ? text : `${text} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

export function evaluationPage(report: EvaluationReport): string {
  const { from, until, preset, markets } = report;
  const asked =
    from === null && until === null
      ? ""
      : `, judged ${day(from) || "from the first row"} to ${day(until) || "the last"}`;
  const body = [
    `<h1>Evaluation <small>${day(report.made)}</small></h1>`,
    `<p>Preset ${escaped(preset)}, features ${escaped(report.featureSchema)}${asked}; ${report.seconds.toFixed(0)} s.</p>`,
    ...report.warnings.map((warning) => `<p class="warning">${escaped(warning)}</p>`),
    marketsOf(markets),
    modelsOf(report),
    grid(
      "Goals",
      ["", "Goal", "Subject", "Of", "Data", "Symbol", "Wanted", "Is"],
      report.goals.map((goal) => [
        goal.isReached ? "reached" : "MISSED",
        goal.goal,
        goal.subject,
        goal.target,
        goal.data,
        goal.symbol,
        plain(goal.wanted),
        goal.value.toFixed(4),
      ]),
    ),
    ...headsOf(report.results).map((head) => headSection(head)),
    ...markets.map((market) => stabilityOf(market)),
    `<h2>How to read it</h2><ul>${report.notes.map((note) => `<li>${escaped(note)}</li>`).join("")}</ul>`,
    report.passedOver.length === 0
      ? ""
      : `<h2>Files</h2><details><summary>${report.passedOver.length} were passed over</summary>` +
        `<p>${escaped(report.passedOver.join(", "))}</p></details>`,
  ];
  return page("Evaluation", body.join("\n"), STYLE);
}

function day(iso: string | null): string {
  return iso?.slice(0, 10) ?? "";
}

function marketsOf(markets: readonly EvaluatedMarket[]): string {
  return grid(
    "Data",
    ["Kind", "From", "Until", "Ticks", "Symbol", "Rows at ticks", "Rows at minutes", "Spread"],
    markets.flatMap(({ kind, from, until, ticks, rows, spread }) =>
      Object.entries(rows).map(([symbol, count], index) => {
        const shown = (text: Cell): Cell => (index === 0 ? text : "");
        return [
          shown(kind),
          shown(day(from)),
          shown(day(until)),
          shown(ticks),
          symbol,
          count.tick,
          count.minute,
          spread,
        ];
      }),
    ),
  );
}

function modelsOf({ models, unusable }: EvaluationReport): string {
  const known =
    models.length === 0
      ? "<h2>Models</h2><p>No model could be asked: rule members and their vote are judged alone.</p>"
      : grid(
          "Models",
          ["Model", "Status", "Member", "Of", "Symbols", "Trained on", "Rows it has seen"],
          models.map((model) => [
            model.name,
            model.status,
            model.member,
            model.target,
            model.symbols?.join(", ") ?? "any",
            model.training === null
              ? "not stated"
              : `${day(model.training.from)} to ${day(model.training.until)}`,
            model.training === null ? "not known" : `${model.rowsSeen} of ${model.rows}`,
          ]),
        );
  const others = grid(
    "Not judged",
    ["Model", "Why"],
    unusable.map(({ name, reason }) => [name, reason]),
  );
  return `${known}<div class="wrap">${others}</div>`;
}

interface Head {
  readonly title: string;
  readonly results: readonly EvaluationResult[];
}

/** What is compared with each other: results of the same target on the same data. */
function headsOf(results: readonly EvaluationResult[]): Head[] {
  const heads = new Map<string, EvaluationResult[]>();
  for (const result of results) {
    const title = `${result.target}, ${result.rows === "tick" ? "at ticks" : `at closed minutes of ${result.data}`}`;
    const group = heads.get(title);
    if (group === undefined) heads.set(title, [result]);
    else group.push(result);
  }
  return [...heads].map(([title, group]) => ({ title, results: group }));
}

function headSection({ title, results: every }: Head): string {
  // One symbol is all there is.
  const isAlone = new Set(every.map(({ symbol }) => symbol)).size <= 2;
  const results = isAlone ? every.filter(({ symbol }) => symbol !== "all") : every;
  const columns: { title: string; cell: (result: EvaluationResult) => Cell }[] = [
    { title: "Subject", cell: ({ subject, symbol }) => `${subject}, ${symbol}` },
    { title: "Rows", cell: ({ scores }) => scores.rows },
    { title: "AUC", cell: ({ scores }) => around(scores.auc) },
    { title: "Above naive", cell: ({ scores }) => (scores.aucGain === null ? "" : around(scores.aucGain)) },
    { title: "AUC wanted", cell: (result) => wantedOf(result).auc ?? "" },
    { title: "Accuracy", cell: ({ scores }) => around(scores.accuracy) },
    { title: "Best naive rule", cell: ({ scores }) => `${scores.bestNaive} ${plain(naiveAccuracy(scores))}` },
    { title: "Surest tenth", cell: ({ scores }) => around(scores.topDecile) },
    { title: "Wanted", cell: (result) => wantedOf(result).topDecile ?? "" },
    { title: "ECE", cell: ({ scores }) => percent(scores.ece) },
    { title: "Brier skill", cell: ({ scores }) => around(scores.brierSkill, 4) },
    {
      title: "A trade after costs, bp",
      cell: ({ trades }) => (trades === null ? "" : around(trades.after, 2)),
    },
    { title: "Before costs", cell: ({ trades }) => (trades === null ? "" : around(trades.before, 2)) },
    { title: "Trades", cell: ({ trades }) => trades?.trades ?? "" },
  ];
  // A column that nobody has anything in is left out: goals, trades on ranges.
  const shown = columns.filter(({ cell }) => results.some((result) => cell(result) !== ""));
  const head = shown.map((column) => column.title);
  const rows = results.map((result) => shown.map(({ cell }) => cell(result)));
  return (
    `<h2>${escaped(title)}</h2><div class="head">${table(head, rows)}</div>` +
    results.map((result) => details(result)).join("")
  );
}

function naiveAccuracy({ accuracy, gain }: Scores): number {
  return accuracy.value - gain.value;
}

function details({ subject, symbol, event, scores }: EvaluationResult): string {
  const naive = table(
    ["Naive rule", "Accuracy", "AUC"],
    scores.naive.map(({ rule, accuracy, auc }) => [rule, plain(accuracy), auc === null ? "" : plain(auc)]),
  );
  const regimes = table(
    ["Regime", "Rows", "Accuracy", "AUC"],
    scores.regimes.map(({ regime, rows, accuracy, auc }) => [
      regime,
      rows,
      plain(accuracy),
      auc === null ? "" : plain(auc),
    ]),
  );
  const facts =
    `Base rate ${percent(scores.baseRate)}; ${scores.days} days, ${scores.rowsApart} rows that do not overlap, on which accuracy would be ` +
    `${percent(scores.accuracyApart.low)} to ${percent(scores.accuracyApart.high)}. Log loss ${scores.logLoss.toFixed(4)}. Accuracy above the best naive rule's ${around(scores.gain, 4)}.` +
    (scores.nextChange === null
      ? ""
      : ` Quote flicker, a diagnostic and no profit: the next change of the mid went the way that was said in ${percent(scores.nextChange)}.`);
  return (
    `<details><summary>${escaped(`${subject}, ${symbol}`)}</summary><p>${escaped(facts)}</p>` +
    `<div class="charts">${calibrationChart(scores)}${coverageChart(scores)}${hoursChart(scores, event)}</div>` +
    `<div class="charts">${regimes}${naive}</div></details>`
  );
}

function calibrationChart({ calibration, baseRate }: Scores): string {
  const values = [...calibration.flatMap(({ said, happened }) => [said, happened]), baseRate];
  const range = rangeAround(values, 0.04);
  const points = calibration.map(({ said, happened }) => ({ x: said, y: happened }));
  const axis = { label: "said, %", range, format: wholePercent };
  return new Chart({ title: "Calibration: how often it happened, %", x: axis, y: { ...axis, label: "" } })
    .line(
      [
        { x: range.from, y: range.from },
        { x: range.to, y: range.to },
      ],
      "ideal",
    )
    .line(points, "main")
    .dots(points, "dot")
    .svg();
}

function coverageChart(scores: Scores): string {
  const { coverage } = scores;
  const naive = naiveAccuracy(scores);
  const values = coverage.flatMap((step) => [step.accuracy, step.accuracyWithin]);
  const format = wholePercent;
  return new Chart({
    title: "Accuracy by confidence, %",
    x: { label: "surest share of rows, % (dots: each tenth)", range: { from: 0, to: 1 }, format },
    y: { label: "", range: rangeAround([...values, naive], 0.04), format },
  })
    .line(
      [
        { x: 0, y: naive },
        { x: 1, y: naive },
      ],
      "ideal",
    )
    .line(
      coverage.map((step) => ({ x: step.coverage, y: step.accuracyWithin })),
      "main",
    )
    .dots(
      coverage.map((step) => ({ x: step.coverage, y: step.accuracy })),
      "dot",
    )
    .svg();
}

function hoursChart({ hours, accuracy }: Scores, event: EvaluationResult["event"]): string {
  const none = event === "up" ? 0.5 : accuracy.value;
  return new Chart({
    title: "Accuracy by hour, %",
    x: { label: "UTC hour", range: { from: 0, to: 24 }, format: (value) => String(value) },
    y: {
      label: "",
      range: rangeAround([...hours.map((hour) => hour.accuracy), none], 0.04),
      format: wholePercent,
    },
  })
    .bars(
      hours.map((hour) => ({ x: hour.hour + 0.1, y: hour.accuracy })),
      0.8,
      "bar",
    )
    .line(
      [
        { x: 0, y: none },
        { x: 24, y: none },
      ],
      "ideal",
    )
    .svg();
}

function wholePercent(value: number): string {
  return String(Math.round(value * 1_000) / 10);
}

function stabilityOf({ kind, stability }: EvaluatedMarket): string {
  const rows = stability.map(({ symbol, features }) => {
    const known = features.flatMap(({ feature, psi }) => (psi === null ? [] : { feature, psi }));
    const moved = known.sort((a, b) => b.psi - a.psi);
    return [
      symbol,
      moved.filter(({ psi }) => psi > 0.25).length,
      moved
        .slice(0, MOVED_SHOWN)
        .map(({ feature, psi }) => `${feature} ${psi.toFixed(2)}`)
        .join(", "),
    ];
  });
  const title = `Drift of the features between the halves of the period, ${kind} (population stability index; above 0.25 is a large shift)`;
  return `<div class="wrap">${grid(title, ["Symbol", "Features above 0.25", "Moved most"], rows)}</div>`;
}

const STYLE =
  "main{max-width:90rem}.warning{border-left:4px solid #c2343f;padding:.4rem .8rem;background:color-mix(in srgb,#c2343f 12%,transparent)}" +
  ".head table{font-size:13px}.head :is(td,th):first-child{position:sticky;left:0;background:Canvas}details{display:inline-block;margin:.3rem 1.2rem .3rem 0}details[open]{display:block}summary{cursor:pointer;padding:.15rem 0}.charts{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:start}" +
  ".charts>*{max-width:100%}svg{width:340px;height:auto}.wrap td{white-space:normal;min-width:5rem}text{fill:currentColor;font:11px system-ui,sans-serif}" +
  "text.title{font-weight:600}.number{opacity:.75}.grid{stroke:currentColor;opacity:.15}polyline{fill:none}" +
  ".main{stroke:#2f7fd6;stroke-width:2}.dot{fill:#2f7fd6}.bar{fill:#2f7fd6;opacity:.65}.ideal{stroke:currentColor;opacity:.6;stroke-dasharray:4 3}";
