// Promotes, rolls back and retires models for a running system by the command that does it for people, in a process of its own:
// a model's bytes are read, hashed and synced there, and no tick waits for a disk.

import { join } from "node:path";
import { z } from "zod";
import { failure, ok, type Result } from "../actors/base/result.ts";
import { MODEL_FAILURES, MODEL_STATUSES, type RegisteredModel } from "../actors/ports/models.ts";
import type { DoModelDeed, ModelDeed, ModelDeedFailure } from "../edge/api/model-standing.ts";
import { cardSchema } from "../storage/models/card.ts";

const ENTRY = join(import.meta.dir, "tickforge.ts");
/** To start, to hash the largest models there may be, and to sync, on a busy machine. */
const MILLIS_MAX = 25_000;

const doneSchema = z.object({
  card: cardSchema,
  sha256: z.string(),
  bytes: z.number(),
  status: z.enum(MODEL_STATUSES),
  registeredMicros: z.number(),
  quarantine: z.strictObject({ reason: z.string(), atMicros: z.number() }).nullable(),
});

/** @param data the data folder of the running system */
export function modelsAside(data: string): DoModelDeed {
  let last: Promise<unknown> = Promise.resolve();
  return async (deed) => {
    // One after the other: each reads what the one before has written.
    const done = last.then(async () => await performed(data, deed));
    last = done;
    return await done;
  };
}

async function performed(data: string, deed: ModelDeed): Promise<Result<RegisteredModel, ModelDeedFailure>> {
  const { verb, model } = deed;
  const flags = verb === "promote" && deed.evenRetired ? ["--even-retired"] : [];
  const names = verb === "rollback" ? [model] : [model, deed.version];
  const command = ["models", verb, "--json", "--data", data, `--by=${deed.by}`, ...flags, "--", ...names];
  try {
    const child = Bun.spawn([process.execPath, ENTRY, ...command], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: MILLIS_MAX,
    });
    const [out, said] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return (await child.exited) === 0 ? ok(doneSchema.parse(JSON.parse(out))) : refusal(said);
  } catch (error) {
    return failure(
      "no-answer",
      `"tickforge models ${verb}" could not be run: ${String(error)}. Run it by hand`,
    );
  }
}

/** What was said last, under one of the registry's own names; before it may be what else is wrong there. */
function refusal(said: string): Result<never, ModelDeedFailure> {
  const lines = said.trim().split("\n");
  for (const code of MODEL_FAILURES) {
    const from = lines.findLastIndex((line) => line.startsWith(`${code}: `));
    if (from >= 0)
      return failure(
        code,
        lines
          .slice(from)
          .join("\n")
          .slice(code.length + 2),
      );
  }
  const why = lines.join(" ") || "it was ended, or took too long";
  return failure("no-answer", `it is not known whether it was done: ${why}. Look at "tickforge models list"`);
}
