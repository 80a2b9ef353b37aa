// How people steer a projection, whether its system runs or not: files in the data folder that its runner looks for.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { projectionStatusSchema } from "./messages.ts";
import type { ProjectionStatus } from "./projection.ts";
import { writeWhole } from "./whole-file.ts";

/** Stores that are kept from the journal by the projector's process. */
export const PROJECTION_IDS = ["time-series", "streams", "hot-state", "vectors", "graph", "quality"] as const;
export type ProjectionId = (typeof PROJECTION_IDS)[number];

const reportSchema = projectionStatusSchema.extend({ at: z.iso.datetime() });
export type ProjectionReport = z.infer<typeof reportSchema>;

export class ProjectionControl {
  readonly id: ProjectionId;
  readonly #directory: string;
  readonly #path: (suffix: string) => string;

  constructor(data: string, id: ProjectionId) {
    this.id = id;
    this.#directory = join(data, "projections");
    this.#path = (suffix) => join(this.#directory, `${id}.${suffix}`);
  }

  get edgesPath(): string {
    return this.#path("batch.json");
  }

  get paused(): boolean {
    return existsSync(this.#path("paused"));
  }

  set paused(wanted: boolean) {
    this.#mark("paused", wanted);
  }

  /** Whether everything is to be told anew; set back once that has begun. */
  get rebuilds(): boolean {
    return existsSync(this.#path("rebuild"));
  }

  set rebuilds(wanted: boolean) {
    this.#mark("rebuild", wanted);
  }

  /** What its runner said last; undefined when it never ran. */
  report(): ProjectionReport | undefined {
    try {
      return reportSchema.parse(JSON.parse(readFileSync(this.#path("status.json"), "utf8")));
    } catch {
      return undefined;
    }
  }

  tell(status: ProjectionStatus, at: string): void {
    writeWhole(this.#path("status.json"), JSON.stringify({ ...status, at }));
  }

  #mark(name: string, wanted: boolean): void {
    mkdirSync(this.#directory, { recursive: true });
    if (wanted) writeFileSync(this.#path(name), "");
    else rmSync(this.#path(name), { force: true });
  }
}
