// Dossiers for a running system, made by a process of their own: reading days of a journal must not keep ticks waiting.

import { join } from "node:path";
import { failure, ok, type Result } from "../actors/base/result.ts";
import type { Vectors } from "../actors/ports/vectors.ts";
import { type Dossier, dossierSchema } from "../edge/explain/dossier.ts";
import { withAnalogs } from "../edge/explain/gather.ts";

const ENTRY = join(import.meta.dir, "tickforge.ts");
/** Dossiers made at once; whoever asks for more is told to come back. */
const AT_ONCE = 2;
const MILLIS_MAX = 60_000;

export type ExplainAside = (id: string) => Promise<Result<Dossier, string>>;

/**
 * @param data the data folder of the running system
 * @param vectors what it has of market states
 */
export function explainAside(data: string, vectors: Vectors | undefined): ExplainAside {
  let running = 0;
  return async (id) => {
    if (running >= AT_ONCE) {
      return failure("busy", "other dossiers are being made: ask again in a moment", { recoverable: true });
    }
    running++;
    try {
      const child = Bun.spawn(
        [process.execPath, ENTRY, "explain", "--json", "--no-analogs", "--data", data, "--", id],
        { stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: MILLIS_MAX },
      );
      const [out, said] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      if ((await child.exited) === 0) {
        return ok(await withAnalogs(dossierSchema.parse(JSON.parse(out)), vectors));
      }
      const [, code = "not-explained", message = said] = /^([a-z-]+): ([\s\S]+)$/.exec(said.trim()) ?? [];
      return failure(code, message);
    } finally {
      running--;
    }
  };
}
