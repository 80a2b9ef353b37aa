// Which records the batch in flight spans, on disk before the batch is sent: after a crash the same batch is sent again,
// with the same name, and the store knows it.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

const edgesSchema = z.strictObject({
  fromSeq: z.number().int().positive(),
  toSeq: z.number().int().positive(),
  /** Highest sequence of any row ever sent: a store that has less has lost some. */
  rowSeq: z.number().int().nonnegative(),
  done: z.boolean(),
});

export type BatchEdges = z.infer<typeof edgesSchema>;

export interface EdgesFile {
  /** Undefined where there are none that can be read. */
  read(): BatchEdges | undefined;
  write(edges: BatchEdges): void;
}

export function openEdges(path: string): EdgesFile {
  mkdirSync(dirname(path), { recursive: true });
  return {
    read: () => {
      try {
        return edgesSchema.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch {
        return undefined;
      }
    },
    write: (edges) => {
      const temporary = `${path}.tmp`;
      const file = openSync(temporary, "w");
      try {
        writeSync(file, JSON.stringify(edges));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    },
  };
}
