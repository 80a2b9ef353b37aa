// Small pieces that every part of the page is made of.

import type { ComponentChildren, VNode } from "preact";
import { useRef } from "preact/hooks";
import {
  clock,
  dayAndClock,
  directionOf,
  type Direction,
  NOTHING,
  signedMoney,
  signedPercent,
  utc,
  words,
} from "../app/format.ts";
import { Icon, type IconName } from "./icons.tsx";

const ARROWS: Readonly<Record<Direction, string>> = { up: "▲", down: "▼", flat: "" };

/** A time of day in the local zone; its day and UTC on hovering. */
export function Time({ iso, withDay = false }: { iso: string | null; withDay?: boolean }): VNode {
  if (iso === null) return <span class="dim">{NOTHING}</span>;
  const millis = Date.parse(iso);
  return (
    <time dateTime={iso} title={utc(millis)}>
      {withDay ? dayAndClock(millis) : clock(millis)}
    </time>
  );
}

/** A signed sum: colour, sign and nothing else tells its direction. */
export function Profit({ value }: { value: number | null }): VNode {
  return <span class={`num is-${directionOf(value, 2)}`}>{signedMoney(value)}</span>;
}

export function Change({ fraction }: { fraction: number | null }): VNode {
  const percentage = fraction === null ? null : fraction * 100;
  return <span class={`num is-${directionOf(percentage, 2)}`}>{signedPercent(fraction)}</span>;
}

export function SideTag({ side, note = "" }: { side: string; note?: string }): VNode {
  const direction: Direction = side === "BUY" ? "up" : side === "SELL" ? "down" : "flat";
  return (
    <span class={`tag is-${direction}`}>
      {direction === "flat" ? "" : <span class="tag-arrow">{ARROWS[direction]}</span>}
      {side}
      {note === "" ? "" : <span class="tag-note num">{note}</span>}
    </span>
  );
}

/** A figure that lights up briefly in the direction it moved. */
const FLAT: Direction = "flat";

export function Flash({ value, text, label }: { value: number | null; text: string; label?: string }): VNode {
  const seen = useRef({ value, beat: 0, direction: FLAT });
  const before = seen.current;
  if (value !== before.value) {
    const isMove = value !== null && before.value !== null;
    const direction: Direction = !isMove ? "flat" : value > (before.value ?? value) ? "up" : "down";
    seen.current = { value, beat: 1 - before.beat, direction };
  }
  const { beat, direction } = seen.current;
  // Two names for one animation: changing between them starts it again.
  return (
    <span class={`num flash${direction === "flat" ? "" : ` flash-${direction}-${beat}`}`} aria-label={label}>
      {text}
    </span>
  );
}

/** How strongly a probability leans, in [0, 1]: all the way at 0.25 and 0.75, since few forecasts go beyond. */
export function leanShare(probability: number): number {
  return Math.min(1, Math.abs(probability - 0.5) * 4);
}

/** Where 0.5 is the middle: a bar to the right for up, to the left for down. */
export function Lean({ probability, label }: { probability: number; label: string }): VNode {
  const direction = probability >= 0.5 ? "up" : "down";
  return (
    <span class="lean" role="img" aria-label={label}>
      <span
        class={`lean-fill is-${direction}`}
        style={{ width: `${(leanShare(probability) * 50).toFixed(1)}%` }}
      />
    </span>
  );
}

export function Regime({ name }: { name: string }): VNode {
  return <span class="regime">{words(name)}</span>;
}

/** What stands where nothing is to be shown, and why. */
export function Empty(props: { icon: IconName; title: string; children?: ComponentChildren }): VNode {
  return (
    <div class="empty">
      <Icon name={props.icon} size={22} />
      <strong>{props.title}</strong>
      {props.children === undefined ? "" : <p>{props.children}</p>}
    </div>
  );
}

/** A part that could not be fetched. */
export function Trouble({ text }: { text: string }): VNode {
  return (
    <p class="trouble" role="status">
      <Icon name="warning" size={14} />
      <span>{text}</span>
    </p>
  );
}

export function Skeleton({ rows }: { rows: number }): VNode {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}

export function Figure(props: {
  label: string;
  title?: string;
  tone?: string;
  children: ComponentChildren;
}): VNode {
  return (
    <div class={`figure ${props.tone ?? ""}`} title={props.title}>
      <dt>{props.label}</dt>
      <dd class="num">{props.children}</dd>
    </div>
  );
}
