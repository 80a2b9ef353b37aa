// A version of a registry as a session of this process, after another process has run it: native code that hangs or dies has done
// so there.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import type { ModelCard } from "../../actors/ports/models.ts";
import type { CallMark } from "../process/call-mark.ts";
import { openOnnx } from "./onnx.ts";
import type { FileModels } from "./registry.ts";
import type { ModelTrial } from "./trial.ts";

/**
 * Its file is read and hashed on other threads; loading it takes this one.
 * @param output that runs are asked for; its first one where left out
 */
export async function openTried(
  {
    folder,
    registry,
    trial,
    calls,
  }: { folder: string; registry: FileModels; trial: ModelTrial; calls?: CallMark | undefined },
  card: ModelCard,
  output?: string,
): Promise<Result<Inference, "unusable">> {
  const { model, version } = card;
  const refusal = await trial.refusal({ folder, model, version });
  if (refusal !== undefined) return failure("unusable", refusal);
  const content = await registry.loadAside(model, version);
  const opened = content.ok ? openOnnx(content.value, card, { output, calls }) : content;
  return opened.ok ? ok(opened.value) : failure("unusable", `${opened.code}: ${opened.message}`);
}
