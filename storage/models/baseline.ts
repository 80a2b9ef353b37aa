// The models that come with the program: trained on years past, put into a registry once, and no different from others from then
// on. Who promotes, rolls back or retires one has the last word; a newer program's take the place only of older ones of its kind.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Micros } from "../../actors/base/clock.ts";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import type { Models } from "../../actors/ports/models.ts";
import { parseCard } from "./card.ts";

/** Who promoted them, as registries tell it. */
export const BASELINE_AUTHOR = "baseline";

const FOLDER = join(import.meta.dir, "baseline");

/** By model: `champion` for one that is to vote, `shadow` for one that is only asked and scored. */
const tableSchema = z.record(z.string(), z.enum(["champion", "shadow"]));

export type BaselineFailure = "baseline-unreadable";

/**
 * Makes every shipped model known to a registry, and a champion where it is meant to vote and nobody ever chose another.
 * @param folder of the shipped models
 * @returns the models that vote from now on and did not before
 */
export function installBaseline(
  models: Models,
  atMicros: Micros,
  folder: string = FOLDER,
): Result<readonly string[], string> {
  const table = tableIn(folder);
  if (!table.ok) return table;
  const promoted: string[] = [];
  for (const [model, status] of Object.entries(table.value)) {
    const shipped = shippedIn(folder, model);
    if (!shipped.ok) return shipped;
    const { content, card } = shipped.value;
    const registered = models.register(content, card, atMicros);
    if (!registered.ok) return registered;
    const last = models.promotions(model).at(-1);
    const isOurs = last === undefined || (last.by === BASELINE_AUTHOR && last.version !== card.version);
    if (status !== "champion" || registered.value.status === "retired" || !isOurs) continue;
    const standing = models.promote(model, { version: card.version, by: BASELINE_AUTHOR, atMicros });
    if (!standing.ok) return standing;
    promoted.push(`${model} ${card.version}`);
  }
  return ok(promoted);
}

function tableIn(folder: string): Result<z.infer<typeof tableSchema>, BaselineFailure> {
  const path = join(folder, "baseline.json");
  try {
    const parsed = tableSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
    return parsed.success ? ok(parsed.data) : unreadable(path, z.prettifyError(parsed.error));
  } catch (error) {
    return unreadable(path, error instanceof Error ? error.message : String(error));
  }
}

function shippedIn(folder: string, model: string) {
  const path = join(folder, model);
  try {
    const card = parseCard(JSON.parse(readFileSync(join(path, "card.json"), "utf8")));
    if (!card.ok) return unreadable(path, card.message);
    return ok({ card: card.value, content: new Uint8Array(readFileSync(join(path, "model.onnx"))) });
  } catch (error) {
    return unreadable(path, error instanceof Error ? error.message : String(error));
  }
}

function unreadable(path: string, why: string): Failure<BaselineFailure> {
  return failure(
    "baseline-unreadable",
    `a model that came with the program cannot be read: ${path}: ${why}. Install the program again, or choose a preset of rule ` +
      "members (--preset rules)",
  );
}
