// The models that ship, in a registry of their own for as long as a bench needs them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installBaseline } from "../../storage/models/baseline.ts";
import { FileModels } from "../../storage/models/registry.ts";

/** @param use is given the registry's folder */
export async function withShippedModels<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-bench-models-"));
  try {
    const installed = installBaseline(
      new FileModels(folder, (message) => console.error(message)),
      Date.now() * 1_000,
    );
    if (!installed.ok) throw new Error(installed.message);
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
