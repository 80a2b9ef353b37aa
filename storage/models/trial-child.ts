// Loads models and runs each once, for a process that must neither hang nor die of one.

import { openOnnx } from "./onnx.ts";
import { FileModels } from "./registry.ts";
import { type TrialAnswer, trialSchema } from "./trial.ts";

process.on("message", (message) => {
  const { folder, model, version } = trialSchema.parse(message);
  const registry = new FileModels(folder, () => undefined);
  const card = registry.list(model).find((each) => each.card.version === version)?.card;
  const content = registry.load(model, version);
  const opened = content.ok && card !== undefined ? openOnnx(content.value, card) : content;
  const refusal = opened.ok ? null : `${opened.code}: ${opened.message}`;
  process.send?.({ refusal } satisfies TrialAnswer);
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches every process of a terminal; this one ends when its parent lets it go.
process.on("SIGINT", () => undefined);
