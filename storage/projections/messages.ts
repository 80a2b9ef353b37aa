// What the process that trades and the one that keeps the stores at the journal's side say to each other.

import { z } from "zod";

const seq = z.number().int().nonnegative();

/** Where the store answers now; it may move when an embedded one is started again. */
export const endpointSchema = z.strictObject({
  url: z.string(),
  username: z.string(),
  password: z.string(),
  database: z.string(),
});
export type Endpoint = z.infer<typeof endpointSchema>;

/** Of a Weaviate server: its REST side, and its gRPC side's port on the same host. */
export const weaviateSchema = z.strictObject({
  url: z.string(),
  grpcPort: z.number().int(),
  apiKey: z.string().optional(),
});
export type WeaviateAddress = z.infer<typeof weaviateSchema>;

export const toProjectorSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("start"),
    /** The data folder. */
    data: z.string(),
    durableSeq: seq,
    /** Of the time series; null where none is kept. */
    endpoint: endpointSchema.nullable(),
    /** Of the stream of records; null where it goes nowhere. */
    streamsUrl: z.string().nullable(),
    /** Of the hot state; null where none is shared. */
    dragonflyUrl: z.string().nullable(),
    /** Of the market states; null where they are kept with the time series. */
    weaviate: weaviateSchema.nullable(),
    /** Of the graph, a file or a server; null where none is kept. */
    graphUrl: z.string().nullable(),
    /** The registry whose shadows are asked and scored; null where nobody is scored. */
    modelsFolder: z.string().nullable(),
  }),
  z.strictObject({ type: z.literal("durable"), durableSeq: seq }),
  z.strictObject({ type: z.literal("endpoint"), endpoint: endpointSchema }),
  /** Store what is durable, if the store lets you, and end. */
  z.strictObject({ type: z.literal("stop"), durableSeq: seq }),
]);
export type ToProjector = z.infer<typeof toProjectorSchema>;

export const projectionStatusSchema = z.strictObject({
  appliedSeq: seq,
  lagRecords: seq,
  lagMicros: z.number(),
  paused: z.boolean(),
  breaker: z.enum(["closed", "open", "half-open"]),
  failures: seq,
  lastError: z.string(),
});

export const fromProjectorSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("status"),
    /** By the sink's id. */
    projections: z.record(z.string(), projectionStatusSchema),
  }),
  z.strictObject({ type: z.literal("problem"), message: z.string() }),
  /** The file of the page that it marks runs of models in, to be adopted. */
  z.strictObject({ type: z.literal("calls"), path: z.string() }),
]);
export type FromProjector = z.infer<typeof fromProjectorSchema>;
