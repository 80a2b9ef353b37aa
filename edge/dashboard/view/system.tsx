// The machine room: actors as a tree, latencies by stage, and problems.

import type { VNode } from "preact";
import type { LatencyMessage } from "../../api/schemas.ts";
import { type ActorNode, actorTree } from "../app/actor-tree.ts";
import { compact, duration, micros, whole, words } from "../app/format.ts";
import { Skeleton, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";
import { isRoute } from "./header.tsx";
import { Icon } from "./icons.tsx";

export function System(): VNode {
  return (
    <div class="desk-body system scroll">
      <Problems />
      <Actors />
      <Latencies />
    </div>
  );
}

function Problems(): VNode | null {
  const { store } = usePage();
  const health = store.health.value;
  if (health === undefined) return null;
  const { problems, version, uptimeSeconds, clients, journal, projection } = health;
  return (
    <div class="problems">
      <h3>
        Problems <span class="dim num">{problems.length === 0 ? "" : problems.length}</span>
      </h3>
      {problems.length === 0 ? (
        <p class="all-well">
          <i /> None. The system does what it should.
        </p>
      ) : (
        <ul>
          {problems.map((problem, index) => (
            <li key={`${index} ${problem}`}>
              <Icon name="warning" size={14} />
              {problem}
            </li>
          ))}
        </ul>
      )}
      <p class="about dim num">
        version {version} · up {duration(uptimeSeconds)} · {whole(clients)}{" "}
        {clients === 1 ? "client" : "clients"} · journal #{whole(journal.seq)} (durable #
        {whole(journal.durableSeq)}) · store {projection.up ? `#${whole(projection.seq)}` : "down"}
      </p>
    </div>
  );
}

function Actors(): VNode {
  const { store } = usePage();
  const { isLoaded, trouble } = store.part("actors").value;
  const rows = actorTree(store.actors.value);
  return (
    <div class="actors">
      <h3>
        Actors <span class="dim num">{rows.length === 0 ? "" : store.actors.value.length}</span>
      </h3>
      {trouble === "" ? "" : <Trouble text={trouble} />}
      {isLoaded || trouble !== "" ? "" : <Skeleton rows={4} />}
      {rows.length === 0 ? (
        ""
      ) : (
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">Actor</th>
              <th scope="col">State</th>
              <th scope="col" class="right" title="Waiting of the mailbox's room">
                Mailbox
              </th>
              <th scope="col" class="right">
                Done
              </th>
              <th scope="col" class="right">
                p99
              </th>
              <th scope="col" class="right" title="Restarts">
                ↻
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((node) => (
              <ActorRow key={node.path} node={node} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** A state that is not here passes by itself: the actor is on its way back. */
const STATE_TONES: Readonly<Record<string, string>> = {
  running: "is-good",
  stopped: "is-pending",
  quarantined: "is-bad",
};

function ActorRow({ node }: { node: ActorNode }): VNode {
  const { actor, depth, name } = node;
  if (actor === undefined) {
    return (
      <tr>
        <td colSpan={6} class="dim">
          {name}
        </td>
      </tr>
    );
  }
  return (
    <tr title={actor.lastError === "" ? actor.path : `${actor.path}: ${actor.lastError}`}>
      <td class="actor-name" style={{ paddingLeft: `${depth * 16 + 12}px` }}>
        {depth > 0 ? <i class="branch" aria-hidden="true" /> : ""}
        {name}
      </td>
      <td>
        <span class={`status ${STATE_TONES[actor.state] ?? "is-warn"}`}>{words(actor.state)}</span>
      </td>
      <td class="num right">
        {whole(actor.mailboxDepth)}
        <span class="dim">/{compact(actor.mailboxCapacity)}</span>
      </td>
      <td class="num right">{compact(actor.processed)}</td>
      <td class="num right">{micros(actor.p99Micros)}</td>
      <td class={`num right ${actor.restarts > 0 ? "is-warn" : "dim"}`}>{whole(actor.restarts)}</td>
    </tr>
  );
}

function Latencies(): VNode {
  const { store } = usePage();
  const { isLoaded, trouble } = store.part("latency").value;
  const latency = store.latency.value;
  return (
    <div class="latencies">
      <h3>Latency</h3>
      {trouble === "" ? "" : <Trouble text={trouble} />}
      {isLoaded || trouble !== "" ? "" : <Skeleton rows={4} />}
      <LatencyTable title="Stage" rows={latency.filter(({ stage }) => !isRoute(stage))} />
      <LatencyTable title="Request" rows={latency.filter(({ stage }) => isRoute(stage))} />
    </div>
  );
}

function LatencyTable({ title, rows }: { title: string; rows: readonly LatencyMessage[] }): VNode | null {
  if (rows.length === 0) return null;
  const slowest = Math.max(...rows.map(({ p99Micros }) => p99Micros), 1);
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th scope="col" class="right">
            p50
          </th>
          <th scope="col" class="right">
            p99
          </th>
          <th scope="col" class="bar-column" aria-label="p99, logarithmic" />
          <th scope="col" class="right">
            Count
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ stage, count, p50Micros, p99Micros }) => (
          <tr key={stage}>
            <td>{title === "Stage" ? words(stage) : stage}</td>
            <td class="num right">{micros(p50Micros)}</td>
            <td class="num right">{micros(p99Micros)}</td>
            <td class="bar-column" aria-hidden="true">
              <span class="meter">
                <span style={{ width: `${logShare(p99Micros, slowest)}%` }} />
              </span>
            </td>
            <td class="num right dim">{compact(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Length of a bar on a logarithmic scale, in percent. */
function logShare(value: number, most: number): string {
  return ((100 * Math.log1p(Math.max(0, value))) / Math.log1p(most)).toFixed(1);
}
