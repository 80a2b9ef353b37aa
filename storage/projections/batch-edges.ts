// Which records the batch in flight spans, on disk before the batch is sent: after a crash the same batch is sent again,
// with the same name, and the store knows it.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { writeWhole } from "./whole-file.ts";

const edgesSchema = z.strictObject({
  fromSeq: z.number().int().positive(),
  /** One less than the beginning where nothing was sent yet. */
  toSeq: z.number().int().nonnegative(),
  /** Highest sequence of any row ever sent: a store that has less has lost some. */
  rowSeq: z.number().int().nonnegative(),
  done: z.boolean(),
  /** How often everything was told anew: the same records are another batch then. */
  generation: z.number().int().nonnegative().default(0),
  /** What the store holds from `fromSeq` on is being removed, to be told anew. */
  forgets: z.boolean().default(false),
});

export type BatchEdges = z.infer<typeof edgesSchema>;

export interface EdgesFile {
  /** Undefined where there are none that can be read. */
  read(): BatchEdges | undefined;
  write(edges: BatchEdges): void;
}

export function openEdges(path: string): EdgesFile {
  return {
    read: () => {
      try {
        return edgesSchema.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch {
        return undefined;
      }
    },
    write: (edges) => writeWhole(path, JSON.stringify(edges)),
  };
}

/** For a sink that keeps its cursor with its rows, in one transaction. */
export class NoEdges implements EdgesFile {
  read(): undefined {
    return undefined;
  }

  write(): void {
    // The sink knows.
  }
}
