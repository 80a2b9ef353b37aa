// What lies in a partition: entries, and markers that say which parts of it are void. Kafka removes at the beginning of a
// partition only, so what is taken back stays there and is called void by a marker behind it, as a correction in a book is.

import { z } from "zod";
import type { StreamEntry } from "../../actors/ports/streams.ts";

/** Offsets of a partition, `to` excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A marker names everything that is void before it, so that the newest one is all there is to know. */
export interface Marker {
  readonly voids: readonly Span[];
  /** Offsets of the markers before it. */
  readonly markers: readonly number[];
}

export type Line =
  | {
      readonly type: "entry";
      readonly offset: number;
      readonly entry: StreamEntry;
      /** Offset of the newest marker its writer knew of. */
      readonly life: number;
    }
  | { readonly type: "marker"; readonly offset: number; readonly marker: Marker }
  /** Not ours. */
  | { readonly type: "other"; readonly offset: number };

export interface Message {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

/** As Kafka hands it over. */
export interface StoredMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

const MARKER_KEY = "marker";
const HEADER = {
  epoch: Buffer.from("tf-epoch"),
  kind: Buffer.from("tf-kind"),
  time: Buffer.from("tf-time"),
  life: Buffer.from("tf-life"),
} as const;

const countSchema = z.number().int().min(0);
const markerSchema = z.object({
  voids: z.array(z.tuple([countSchema, countSchema])),
  markers: z.array(countSchema),
});
const DIGITS = /^\d{1,16}$/;

export function encodeEntry({ seq, epoch, kind, timeMicros, payload }: StreamEntry, life: number): Message {
  return {
    key: Buffer.from(String(seq)),
    value: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
    headers: new Map([
      [HEADER.epoch, Buffer.from(String(epoch))],
      [HEADER.kind, Buffer.from(String(kind))],
      [HEADER.time, Buffer.from(String(timeMicros))],
      [HEADER.life, Buffer.from(String(life))],
    ]),
  };
}

export function encodeMarker({ voids, markers }: Marker): Message {
  const told = { voids: voids.map(({ from, to }) => [from, to]), markers };
  return { key: Buffer.from(MARKER_KEY), value: Buffer.from(JSON.stringify(told)), headers: new Map() };
}

export function decodeLine(offset: number, { key, value, headers }: StoredMessage): Line {
  const name = key?.toString() ?? "";
  if (name === MARKER_KEY) {
    const marker = decodeMarker(value);
    return marker === undefined ? { type: "other", offset } : { type: "marker", offset, marker };
  }
  const given = new Map(headers.map(([header, text]) => [header?.toString(), Number(text ?? Number.NaN)]));
  const number = (header: Buffer): number => given.get(header.toString()) ?? Number.NaN;
  const [epoch, kind, timeMicros] = [number(HEADER.epoch), number(HEADER.kind), number(HEADER.time)];
  const life = number(HEADER.life);
  if (!DIGITS.test(name) || ![epoch, kind, timeMicros, life].every(Number.isSafeInteger))
    return { type: "other", offset };
  const payload = value === null ? new Uint8Array() : Uint8Array.from(value);
  return { type: "entry", offset, life, entry: { seq: Number(name), epoch, kind, timeMicros, payload } };
}

function decodeMarker(value: Buffer | null): Marker | undefined {
  try {
    const told = markerSchema.safeParse(JSON.parse(value?.toString() ?? ""));
    if (!told.success) return undefined;
    return { voids: told.data.voids.map(([from, to]) => ({ from, to })), markers: told.data.markers };
  } catch {
    return undefined;
  }
}
