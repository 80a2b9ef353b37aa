// Plots of the models' part, drawn in place: what was said against what happened, and votes over time.

import type { VNode } from "preact";
import { clock } from "../app/format.ts";
import type { VoteLine } from "../app/model-rows.ts";

/** Units of a plot's own; it takes the width that there is. */
const SIZE = 240;
const WIDE = 380;
const TALL = 150;
/** Room for the axes' words. */
const EDGE = 26;
/** Colours that lines take turns with: see the style sheet. */
const COLOURS = 6;

interface Bin {
  readonly count: number;
  readonly said: number;
  readonly happened: number;
}

/** Points on the line would be right as often as they say. */
export function CalibrationPlot({ name, bins }: { name: string; bins: readonly Bin[] }): VNode {
  const inner = SIZE - EDGE - 6;
  const x = (probability: number): number => EDGE + probability * inner;
  const y = (probability: number): number => 6 + (1 - probability) * inner;
  const most = Math.max(...bins.map(({ count }) => count));
  const path = bins.map(({ said, happened }) => `${x(said).toFixed(1)},${y(happened).toFixed(1)}`).join(" ");
  return (
    <figure class="calibration">
      <figcaption>
        Calibration of {name} <span class="dim">said across, happened up</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        role="img"
        aria-label={`calibration of ${name}, ${bins.length} bins`}
      >
        {[0, 0.5, 1].map((tick) => (
          <g key={tick}>
            <path class="grid" d={`M${x(tick)} ${y(0)}V${y(1)}M${x(0)} ${y(tick)}H${x(1)}`} />
            <text x={x(tick)} y={SIZE - 8} text-anchor="middle">
              {tick}
            </text>
            <text x={EDGE - 5} y={y(tick) + 3} text-anchor="end">
              {tick}
            </text>
          </g>
        ))}
        <path class="ideal" d={`M${x(0)} ${y(0)}L${x(1)} ${y(1)}`} />
        <polyline class="curve" points={path} />
        {bins.map(({ count, said, happened }) => (
          <circle key={said} class="bin" cx={x(said)} cy={y(happened)} r={1.5 + 2 * Math.sqrt(count / most)}>
            <title>{`said ${said.toFixed(3)}, happened ${happened.toFixed(3)}, ${count} times`}</title>
          </circle>
        ))}
      </svg>
    </figure>
  );
}

/** A line a member, one half in the middle. */
export function VotesPlot({ lines, note }: { lines: readonly VoteLine[]; note: string }): VNode {
  const times = lines.flatMap(({ points }) => points.map(({ millis }) => millis));
  const from = Math.min(...times);
  const until = Math.max(...times);
  const inner = WIDE - EDGE - 8;
  const x = (millis: number): number => EDGE + ((millis - from) / Math.max(1, until - from)) * inner;
  const y = (probability: number): number => 8 + (1 - probability) * (TALL - 30);
  return (
    <figure class="vote-lines">
      <figcaption>
        Votes over time <span class="dim">{note}</span>
      </figcaption>
      {lines.length === 0 ? (
        <p class="dim">No votes to show yet.</p>
      ) : (
        <>
          <svg viewBox={`0 0 ${WIDE} ${TALL}`} role="img" aria-label={`votes of ${lines.length} members`}>
            {[0, 0.5, 1].map((tick) => (
              <g key={tick}>
                <path class="grid" d={`M${EDGE} ${y(tick)}H${WIDE - 8}`} />
                <text x={EDGE - 5} y={y(tick) + 3} text-anchor="end">
                  {tick}
                </text>
              </g>
            ))}
            <text x={EDGE} y={TALL - 6}>
              {clock(from)}
            </text>
            <text x={WIDE - 8} y={TALL - 6} text-anchor="end">
              {clock(until)}
            </text>
            {lines.map(({ member, points }, index) => (
              <polyline
                key={member}
                class={`line line-${index % COLOURS}`}
                points={points
                  .map(({ millis, probability }) => `${x(millis).toFixed(1)},${y(probability).toFixed(1)}`)
                  .join(" ")}
              />
            ))}
          </svg>
          <ul class="legend">
            {lines.map(({ member, points }, index) => (
              <li key={member}>
                <i class={`line-${index % COLOURS}`} />
                {member} <span class="num dim">{points.at(-1)?.probability.toFixed(2)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </figure>
  );
}
