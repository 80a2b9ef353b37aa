// How an entry lies in Kafka: its journal sequence as key, its payload as value, the rest as headers in plain digits, so that
// consumers elsewhere read it with what they have.

import { z } from "zod";
import type { StreamEntry } from "../../actors/ports/streams.ts";

export interface Message {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

/** As Kafka hands it over. */
export interface StoredMessage {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

export interface StoredEntry {
  readonly offset: number;
  readonly entry: StreamEntry;
}

const HEADER = {
  epoch: Buffer.from("tf-epoch"),
  kind: Buffer.from("tf-kind"),
  time: Buffer.from("tf-time"),
} as const;

const countSchema = z.coerce.number().int().min(0);
const entrySchema = z.object({
  key: z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number),
  "tf-epoch": countSchema,
  "tf-kind": countSchema,
  "tf-time": countSchema,
});

export function encodeEntry({ seq, epoch, kind, timeMicros, payload }: StreamEntry): Message {
  return {
    key: Buffer.from(String(seq)),
    value: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
    headers: new Map([
      [HEADER.epoch, Buffer.from(String(epoch))],
      [HEADER.kind, Buffer.from(String(kind))],
      [HEADER.time, Buffer.from(String(timeMicros))],
    ]),
  };
}

/** Undefined where it is not ours. */
export function decodeEntry({ key, value, headers }: StoredMessage): StreamEntry | undefined {
  const given = Object.fromEntries(headers.map(([name, text]) => [String(name), text?.toString()]));
  const parsed = entrySchema.safeParse({ ...given, key: key?.toString() });
  if (!parsed.success) return undefined;
  return {
    seq: parsed.data.key,
    epoch: parsed.data["tf-epoch"],
    kind: parsed.data["tf-kind"],
    timeMicros: parsed.data["tf-time"],
    payload: value === null ? new Uint8Array() : Uint8Array.from(value),
  };
}
