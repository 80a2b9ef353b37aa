// The top of the page: whose market this is (the badge), how the system does (the health strip), and the connection.

import type { VNode } from "preact";
import type { HealthMessage, LatencyMessage } from "../../api/schemas.ts";
import { clock, compact, micros, NOTHING, seconds, utc, whole, words } from "../app/format.ts";
import { Figure } from "./bits.tsx";
import { usePage } from "./context.ts";
import { Icon, Mark } from "./icons.tsx";
import { KillButton } from "./kill-switch.tsx";

const BADGES: Readonly<Record<HealthMessage["badge"], string>> = {
  SIMULATED: "An invented market, traded on paper: nothing here is real money",
  REPLAY: "Recorded ticks are played again, traded on paper",
  LIVE: "Ticks of a real market",
};

export function Header(): VNode {
  const { store, appearance } = usePage();
  const health = store.health.value;
  return (
    <header class="top">
      <h1 class="brand">
        <Mark />
        <span>Tickforge</span>
      </h1>
      {health === undefined ? (
        ""
      ) : (
        <strong class={`badge badge-${health.badge.toLowerCase()}`} title={BADGES[health.badge]}>
          {health.badge}
        </strong>
      )}
      <HealthStrip />
      <div class="top-end">
        <WallClock />
        <Connection />
        <KillButton />
        <button
          type="button"
          class="button-icon"
          onClick={() => appearance.toggle()}
          aria-label={appearance.shown.value === "dark" ? "Switch to light" : "Switch to dark"}
          title="Light or dark (T)"
        >
          <Icon name={appearance.shown.value === "dark" ? "sun" : "moon"} />
        </button>
        <button
          type="button"
          class="button-icon"
          onClick={() => (store.isHelpOpen.value = true)}
          aria-label="Keyboard and help"
          title="Help (?)"
        >
          <Icon name="help" />
        </button>
      </div>
    </header>
  );
}

function WallClock(): VNode {
  const { now } = usePage();
  return (
    <time class="num dim wall-clock" title={utc(now.value)}>
      {clock(now.value)}
    </time>
  );
}

function Connection(): VNode {
  const { store } = usePage();
  const { kind } = store.connection.value;
  const text = kind === "open" ? "live" : kind === "connecting" ? "connecting" : "offline";
  return (
    <span class={`connection is-${kind}`} role="status" aria-label={`connection: ${text}`}>
      <i />
      {text}
    </span>
  );
}

function HealthStrip(): VNode {
  const { store } = usePage();
  const health = store.health.value;
  if (health === undefined) return <dl class="strip" aria-label="Health" />;
  const { projection, journal } = health;
  const behind = Math.max(0, journal.seq - journal.durableSeq);
  return (
    <dl class="strip" aria-label="Health">
      <Figure label="Ticks/s" title={`${whole(health.ticks)} ticks since ${seconds(health.uptimeSeconds)}`}>
        {health.ticksPerSecond < 100 ? health.ticksPerSecond.toFixed(1) : compact(health.ticksPerSecond)}
      </Figure>
      <Figure
        label="Decision p50"
        title="Half of all decisions were taken within this time of their tick's arrival"
      >
        {micros(health.decisionP50Micros)}
      </Figure>
      <Figure label="p99" title="99 of 100 decisions were taken within this time of their tick's arrival">
        {micros(health.decisionP99Micros)}
      </Figure>
      <Stages latency={store.latency.value} />
      <Figure
        label="Store lag"
        tone={projection.up ? "" : "is-bad"}
        title={
          projection.up
            ? `${whole(projection.lagRecords)} records of the journal are not in the time series store yet`
            : "The time series store does not answer: history is not available, live data is"
        }
      >
        {projection.up ? seconds(projection.lagSeconds) : "down"}
      </Figure>
      <Figure
        label="Journal"
        tone={journal.trouble === "" ? "" : "is-bad"}
        title={journal.trouble === "" ? `${whole(behind)} records not yet durable` : journal.trouble}
      >
        {journal.trouble === "" ? `#${compact(journal.seq)}` : "failed"}
      </Figure>
      <Figure
        label="Gaps"
        tone={health.gapsMissing > 0 ? "is-warn" : ""}
        title="Ticks missing from their sources' numbers"
      >
        {compact(health.gapsMissing)}
      </Figure>
      <Figure
        label="Quarantined"
        tone={health.quarantined > 0 ? "is-warn" : ""}
        title="Ticks that were refused, each with its reason"
      >
        {compact(health.quarantined)}
      </Figure>
      <Problems health={health} />
    </dl>
  );
}

/** Shown in full when the pointer or the focus is on it. */
function Stages({ latency }: { latency: readonly LatencyMessage[] }): VNode {
  const stages = chainStages(latency);
  const slowest = Math.max(1, ...stages.map(({ p99Micros }) => p99Micros));
  return (
    <div class="figure stages" tabIndex={0} aria-label="p99 of each stage">
      <dt>p99 by stage</dt>
      <dd>
        {stages.length === 0 ? <span class="dim">{NOTHING}</span> : ""}
        {stages.map(({ stage, p99Micros }) => (
          <i key={stage} style={{ height: `${(12 + (88 * p99Micros) / slowest).toFixed(0)}%` }} />
        ))}
      </dd>
      <div class="popover" role="tooltip">
        <table>
          <thead>
            <tr>
              <th>Stage</th>
              <th>p50</th>
              <th>p99</th>
            </tr>
          </thead>
          <tbody>
            {stages.map(({ stage, p50Micros, p99Micros }) => (
              <tr key={stage}>
                <td>{words(stage)}</td>
                <td class="num">{micros(p50Micros)}</td>
                <td class="num">{micros(p99Micros)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** What a tick passes through, without the whole and without requests. */
function chainStages(latency: readonly LatencyMessage[]): readonly LatencyMessage[] {
  return latency.filter(({ stage }) => stage !== "decision" && !isRoute(stage));
}

export function isRoute(stage: string): boolean {
  return stage.includes("/") || /^(?:GET|POST|PUT|DELETE) /.test(stage);
}

function Problems({ health }: { health: HealthMessage }): VNode {
  const { store } = usePage();
  const count = health.problems.length;
  const tone = health.status === "failed" ? "is-bad" : health.status === "degraded" ? "is-warn" : "";
  return (
    <div class={`figure ${tone}`}>
      <dt>Status</dt>
      <dd>
        <button
          type="button"
          class="button-text"
          onClick={() => (store.view.value = "system")}
          title={count === 0 ? "No problems" : health.problems[0]}
        >
          {health.status}
          {count === 0 ? "" : <span class="count">{count}</span>}
        </button>
      </dd>
    </div>
  );
}
