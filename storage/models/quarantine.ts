// Puts a model whose call hung, or ended its process, into quarantine, and says so.

import type { Blame } from "../process/call-mark.ts";
import { FileModels } from "./registry.ts";

/**
 * @param blamed as its runs are marked: a model's name and its version
 * @param whom it stopped: "the trading process"
 * @returns what to tell people
 */
export function quarantineBlamed({ name, what, folder }: Blame, whom: string): string {
  const [model = "", version = ""] = name.split(" ");
  const problems: string[] = [];
  const models = new FileModels(folder, (message) => problems.push(message));
  const done = models.quarantine(model, version, { reason: what, atMicros: Date.now() * 1_000 });
  const standing = done.ok
    ? `It is in quarantine: "tickforge models promote ${name}" lets it vote again`
    : `It cannot be put into quarantine: ${done.code}: ${done.message}`;
  return [`model ${name} stopped ${whom}: ${what}. ${standing}`, ...problems].join("; ");
}
