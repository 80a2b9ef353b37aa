"""Models as ONNX: one graph from raw features to calibrated probabilities, held against the library that
trained it."""

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, TensorProto, helper, numpy_helper

from .calibrate import Calibrator
from .models.inputs import OPSET, Inputs

INPUT = "features"
OUTPUT = "probabilities"
EMBEDDING = "embedding"
# What every runtime since 2021 reads.
IR_VERSION = 8
TOLERANCE = 1e-5


class ExportError(Exception):
    """The graph does not answer as the library does."""


@dataclass(frozen=True)
class Exported:
    content: bytes
    inputs: list[dict[str, object]]
    outputs: list[dict[str, object]]


def export(
    graph: ModelProto, window: int, features: int, calibrator: Calibrator | None, metadata: dict[str, str]
) -> Exported:
    """A learner's graph with calibration behind it and one name for each end.

    The first output is [rows, 2]: the probability of no event and of the event. Networks have a second one,
    their last layer but one.
    """
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    body = model.graph
    shape = [None, features] if window == 1 else [None, window, features]
    embeddings = [output for output in body.output if output.name == EMBEDDING]
    said = _one_column(body, bool(embeddings))
    nodes, constants = calibrator.nodes(said, "calibrated") if calibrator else ([], [])
    answer = "calibrated" if calibrator else said
    body.node.extend(nodes)
    body.initializer.extend([*constants, numpy_helper.from_array(np.array(1, dtype=np.float32), "certain")])
    body.node.append(helper.make_node("Sub", ["certain", answer], ["none_of_it"]))
    body.node.append(helper.make_node("Concat", ["none_of_it", answer], [OUTPUT], axis=1))
    del body.input[:], body.output[:], model.metadata_props[:]
    body.input.append(_tensor(INPUT, shape))
    body.output.append(_tensor(OUTPUT, [None, 2]))
    outputs = [{"name": OUTPUT, "shape": [None, 2]}]
    for output in embeddings:
        width = output.type.tensor_type.shape.dim[1].dim_value
        body.output.append(_tensor(EMBEDDING, [None, width]))
        outputs.append({"name": EMBEDDING, "shape": [None, width]})
    # Converters name the oldest set of operators that their own nodes need.
    others = [used for used in model.opset_import if used.domain != ""]
    del model.opset_import[:]
    model.opset_import.extend([*others, helper.make_opsetid("", OPSET)])
    # Nothing of when and where: the same training makes the same bytes.
    body.name, body.doc_string = metadata["model"], ""
    model.producer_name, model.producer_version, model.ir_version = "tickforge", "", IR_VERSION
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    return Exported(model.SerializeToString(deterministic=True), [{"name": INPUT, "shape": shape}], outputs)


def _one_column(body: onnx.GraphProto, is_net: bool) -> str:
    """The name of the event's raw probability, [rows, 1]."""
    if is_net:
        return "said"
    # Trees answer with a label too, which nobody asks for, and with both classes under the name that the last
    # node takes.
    for node in body.node:
        for at, name in enumerate(node.output):
            if name == OUTPUT:
                node.output[at] = "both"
    label = next((output.name for output in body.output if output.name != OUTPUT), None)
    unused = [node for node in body.node if list(node.output) == [label]]
    for node in unused:
        body.node.remove(node)
    body.initializer.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "second"))
    body.node.append(helper.make_node("Gather", ["both", "second"], ["said"], axis=1))
    return "said"


def _tensor(name: str, shape: list[int | None]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(
        name, TensorProto.FLOAT, ["rows" if size is None else size for size in shape]
    )


def answers(content: bytes, rows: np.ndarray) -> list[np.ndarray]:
    """What ONNX Runtime makes of some rows: every output."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(None, {INPUT: rows.astype(np.float32)})


def verify(exported: Exported, inputs: Inputs, index: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference to the library's own answers, which has to be within 1e-5. Rows go in one at a
    time as well, since that is how the runtime asks."""
    rows = inputs.take(index)
    together = answers(exported.content, rows)[0][:, 1]
    alone = np.array(
        [answers(exported.content, rows[at : at + 1])[0][0, 1] for at in range(min(8, len(rows)))]
    )
    difference = float(max(np.abs(together - expected).max(), np.abs(alone - expected[: len(alone)]).max()))
    if not difference <= TOLERANCE:
        raise ExportError(
            f"the exported graph differs from the model by {difference:.2g}, more than {TOLERANCE}"
        )
    return difference
