// Market states for a command beside a running system: on the server that keeps them, else wherever the history is.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Vectors } from "../actors/ports/vectors.ts";
import { openHistory } from "./open-history.ts";
import type { WeaviateAddress } from "./projections/messages.ts";
import { WeaviateVectors } from "./weaviate/vectors.ts";

export interface VectorsOptions {
  readonly data: string;
  readonly weaviate: WeaviateAddress | undefined;
  readonly timeSeries: { url?: string | undefined; username: string; password: string; database: string };
  readonly onProblem: (message: string) => void;
}

export interface OpenedVectors {
  readonly vectors: Vectors;
  close(): Promise<void>;
}

/** Undefined where none were ever kept, or the store cannot be opened, which is said as a problem. */
export async function openVectors({
  data,
  weaviate,
  timeSeries,
  onProblem,
}: VectorsOptions): Promise<OpenedVectors | undefined> {
  if (weaviate !== undefined) {
    const vectors = new WeaviateVectors(weaviate);
    return { vectors, close: async () => await vectors.close() };
  }
  const directory = join(data, "time-series");
  if (timeSeries.url === undefined && !existsSync(directory)) return undefined;
  const history = await openHistory({ ...timeSeries, directory, onProblem });
  if (history.ok) return { vectors: history.value.vectors, close: async () => await history.value.close() };
  onProblem(`${history.code}: ${history.message}`);
  return undefined;
}
