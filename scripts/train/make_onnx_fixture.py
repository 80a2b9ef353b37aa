"""Writes small ONNX models for tests, and what they answer: twenty trees of LightGBM on noise with a rule in it, which read one
row; a convolution with weights by chance, which reads a window of rows; the same with an embedding; one that never answers; and
one that answers until a value is above a limit.

Run with lightgbm 4.7.0, onnxmltools 1.16.0, onnx 1.23.2, onnxruntime 1.31.1 and numpy 2.4.6; a second word names one of them:
    python scripts/train/make_onnx_fixture.py test/fixtures/models [trees | window | embedding | endless | snare]
"""

import base64
import json
import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime

FEATURES = 59
ROWS = 4_000
SHOWN = 16
WINDOW = 8
WINDOW_FEATURES = 5
KERNEL = 3
FILTERS = 6
LIMIT = 5
# Of a loop that nobody waits for.
ROUNDS = 2**62


def main(folder: Path, wanted: list[str]) -> None:
    for maker in (trees, window, embedding, endless, snare):
        if not wanted or maker.__name__ in wanted:
            maker(folder)


def trees(folder: Path) -> None:
    # What the others do without.
    import lightgbm
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    random = numpy.random.default_rng(7)
    values = random.normal(size=(ROWS, FEATURES)).astype(numpy.float32)
    # Features that are not warm are missing, as they are to live members.
    values[random.random(size=values.shape) < 0.05] = numpy.nan
    score = numpy.nan_to_num(values[:, 0]) + numpy.nan_to_num(values[:, 1] * values[:, 2])
    up = (score + random.normal(size=ROWS) > 0).astype(int)
    model_of_trees = lightgbm.train(
        {"objective": "binary", "num_leaves": 7, "seed": 7, "deterministic": True, "verbosity": -1},
        lightgbm.Dataset(values, up),
        20,
    )
    model = onnxmltools.convert_lightgbm(
        model_of_trees, initial_types=[("features", FloatTensorType([None, FEATURES]))], zipmap=False, target_opset=15
    )
    content = model.SerializeToString()
    (folder / "tiny-trees.onnx").write_bytes(content)
    shown = values[:SHOWN]
    answers = onnxruntime.InferenceSession(content).run(["probabilities"], {"features": shown})[0][:, 1]
    assert numpy.allclose(answers, model_of_trees.predict(shown), atol=1e-6)
    tell(folder / "tiny-trees.json", {"features": FEATURES}, shown, answers)


def window(folder: Path) -> None:
    """Sigmoid of a weighted sum over filters of each filter's highest answer along the window."""
    random = numpy.random.default_rng(11)

    def weights(name: str, scale: float, *shape: int) -> onnx.TensorProto:
        return weights_of(random, name, scale, *shape)

    node = onnx.helper.make_node
    graph = onnx.helper.make_graph(
        [
            node("Transpose", ["rows"], ["columns"], perm=[0, 2, 1]),
            node("Conv", ["columns", "kernels", "offsets"], ["answers"]),
            node("GlobalMaxPool", ["answers"], ["highest"]),
            node("Flatten", ["highest"], ["flat"]),
            node("Gemm", ["flat", "shares", "shift"], ["score"]),
            node("Sigmoid", ["score"], ["probability"]),
        ],
        "tiny-window",
        [onnx.helper.make_tensor_value_info("rows", onnx.TensorProto.FLOAT, [None, WINDOW, WINDOW_FEATURES])],
        [onnx.helper.make_tensor_value_info("probability", onnx.TensorProto.FLOAT, [None, 1])],
        [
            # Oscillators go up to 100.
            weights("kernels", 0.02, FILTERS, WINDOW_FEATURES, KERNEL),
            weights("offsets", 0.1, FILTERS),
            weights("shares", 0.5, FILTERS, 1),
            weights("shift", 0.1, 1),
        ],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    (folder / "tiny-window.onnx").write_bytes(content)
    shown = random.normal(size=(SHOWN, WINDOW, WINDOW_FEATURES)).astype(numpy.float32)
    answers = onnxruntime.InferenceSession(content).run(["probability"], {"rows": shown})[0][:, 0]
    tell(folder / "tiny-window.json", {"features": WINDOW_FEATURES, "window": WINDOW}, shown, answers)


def embedding(folder: Path) -> None:
    """As networks of the training are at their ends: probabilities of both classes, and the layer before as a second output."""
    random = numpy.random.default_rng(13)

    def weights(name: str, scale: float, *shape: int) -> onnx.TensorProto:
        return weights_of(random, name, scale, *shape)

    node = onnx.helper.make_node
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [
            # What is missing counts as nothing.
            node("IsNaN", ["features"], ["missing"]),
            node("Where", ["missing", "nothing", "features"], ["present"]),
            node("Transpose", ["present"], ["columns"], perm=[0, 2, 1]),
            node("Conv", ["columns", "kernels", "offsets"], ["answers"]),
            node("GlobalMaxPool", ["answers"], ["highest"]),
            node("Flatten", ["highest"], ["flat"]),
            node("Tanh", ["flat"], ["embedding"]),
            node("Gemm", ["embedding", "shares", "shift"], ["score"]),
            node("Softmax", ["score"], ["probabilities"], axis=1),
        ],
        "tiny-embedding",
        [info("features", onnx.TensorProto.FLOAT, [None, WINDOW, WINDOW_FEATURES])],
        [
            info("probabilities", onnx.TensorProto.FLOAT, [None, 2]),
            info("embedding", onnx.TensorProto.FLOAT, [None, FILTERS]),
        ],
        [
            onnx.numpy_helper.from_array(numpy.array(0, dtype=numpy.float32), "nothing"),
            weights("kernels", 0.02, FILTERS, WINDOW_FEATURES, KERNEL),
            weights("offsets", 0.1, FILTERS),
            weights("shares", 0.5, FILTERS, 2),
            weights("shift", 0.1, 2),
        ],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    (folder / "tiny-embedding.onnx").write_bytes(content)
    shown = random.normal(size=(SHOWN, WINDOW, WINDOW_FEATURES)).astype(numpy.float32)
    said, embedded = onnxruntime.InferenceSession(content).run(["probabilities", "embedding"], {"features": shown})
    what = {"features": WINDOW_FEATURES, "window": WINDOW, "embeddings": embedded.tolist()}
    tell(folder / "tiny-embedding.json", what, shown, said[:, 1])


def weights_of(random: numpy.random.Generator, name: str, scale: float, *shape: int) -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(random.normal(size=shape, scale=scale).astype(numpy.float32), name)


def endless(folder: Path) -> None:
    """Goes round a loop for longer than anybody waits."""
    looping(folder / "tiny-endless.onnx", FEATURES, [], [number("rounds", ROUNDS, numpy.int64)])


def snare(folder: Path) -> None:
    """Does so where its one value is above the limit, and answers at once where it is not."""
    node = onnx.helper.make_node
    choice = [
        node("ReduceMax", ["features"], ["highest"], keepdims=0),
        node("Greater", ["highest", "limit"], ["is_above"]),
        node("Where", ["is_above", "many", "one"], ["rounds"]),
    ]
    numbers = [
        number("limit", LIMIT, numpy.float32),
        number("many", ROUNDS, numpy.int64),
        number("one", 1, numpy.int64),
    ]
    looping(folder / "tiny-snare.onnx", 1, choice, numbers)


def number(name: str, value: float, kind: type) -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(numpy.array(value, dtype=kind), name)


def looping(path: Path, columns: int, choice: list, numbers: list) -> None:
    """Goes round a loop as often as `choice` and `numbers` say."""
    node = onnx.helper.make_node
    info = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        [node("Identity", ["go_on"], ["goes_on"]), node("Cos", ["score"], ["next_score"])],
        "round",
        [
            info("round", onnx.TensorProto.INT64, []),
            info("go_on", onnx.TensorProto.BOOL, []),
            info("score", onnx.TensorProto.FLOAT, None),
        ],
        [info("goes_on", onnx.TensorProto.BOOL, []), info("next_score", onnx.TensorProto.FLOAT, None)],
    )
    graph = onnx.helper.make_graph(
        [
            *choice,
            node("ReduceMean", ["features"], ["mean"], axes=[1], keepdims=1),
            node("Loop", ["rounds", "always", "mean"], ["last"], body=body),
            node("Sigmoid", ["last"], ["probability"]),
        ],
        path.stem,
        [info("features", onnx.TensorProto.FLOAT, [None, columns])],
        [info("probability", onnx.TensorProto.FLOAT, [None, 1])],
        [*numbers, onnx.numpy_helper.from_array(numpy.array(True), "always")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def tell(path: Path, what: dict, shown: numpy.ndarray, answers: numpy.ndarray) -> None:
    told = {
        **what,
        "inputs": base64.b64encode(shown.tobytes()).decode(),
        "probabilities": [float(answer) for answer in answers],
    }
    path.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
