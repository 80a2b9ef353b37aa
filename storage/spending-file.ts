// What was spent today, as a small file in the data folder. It is there as a whole or as it was before.

import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { failure, ok, type Result } from "../actors/base/result.ts";
import type { Spending, SpendingStore } from "../actors/ports/spending.ts";

const spendingSchema = z.strictObject({
  day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  calls: z.number().int().nonnegative(),
  costMicros: z.number().nonnegative(),
});

export class SpendingFile implements SpendingStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<Result<Spending | undefined, "spending-unreadable">> {
    try {
      return ok(spendingSchema.parse(JSON.parse(await readFile(this.#path, "utf8"))));
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return ok(undefined);
      return failure(
        "spending-unreadable",
        `${this.#path} does not say what was spent today (${error instanceof Error ? error.name : String(error)}): look at it, ` +
          "and remove it to begin the day's budget anew",
      );
    }
  }

  /** Not on the caller's thread: it syncs, and ticks must not wait for that. Call it once the one before is done. */
  async save(spending: Spending): Promise<Result<void, "spending-unwritten">> {
    const temporary = `${this.#path}.tmp`;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const file = await open(temporary, "w");
      try {
        await file.writeFile(`${JSON.stringify(spending)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      return ok(undefined);
    } catch (error) {
      return failure(
        "spending-unwritten",
        `what is spent cannot be written to ${this.#path} (${String(error)}), so nothing is spent: free space or mend its ` +
          "permissions",
        { recoverable: true },
      );
    }
  }
}
