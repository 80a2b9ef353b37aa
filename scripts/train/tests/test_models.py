"""Learners: the same twice, and in ONNX what they are in Python, calibration and missing values included."""

import numpy as np
import onnx
import pytest

from tickforge_train.calibrate import Beta, Isotonic, choose, fit_beta, fit_isotonic
from tickforge_train.export import EMBEDDING, ExportError, answers, export, verify
from tickforge_train.heads import LIGHTGBM, NET, XGBOOST, Head
from tickforge_train.metrics import calibration_error
from tickforge_train.models.inputs import Inputs
from tickforge_train.train import learner_of

ROWS, FEATURES, WINDOW = 3_000, 6, 12
TINY = {
    "lightgbm": {**LIGHTGBM, "rounds": 30, "min_data_in_leaf": 20},
    "xgboost": {**XGBOOST, "rounds": 30, "min_child_weight": 5.0},
    **{
        name: {**NET, "width": 8, "embedding": 5, "epochs": 1, "batch": 256}
        for name in ("lstm", "transformer", "cnn")
    },
}
RANDOM = np.random.default_rng(11)
SAID = RANDOM.uniform(0.02, 0.98, 20_000)
# Twice as sure as it should be.
CAME = (RANDOM.random(20_000) < 0.5 + (SAID - 0.5) / 2).astype(float)


def material(learner: str) -> tuple[Head, Inputs, np.ndarray, np.ndarray]:
    random = np.random.default_rng(9)
    matrix = random.normal(size=(ROWS, FEATURES)).astype(np.float32) * [1, 10, 0.1, 5, 1, 1000]
    matrix = matrix.astype(np.float32)
    target = (matrix[:, 0] + random.normal(size=ROWS) > 0).astype(float)
    matrix[random.random(matrix.shape) < 0.05] = np.nan
    # Float32's own steps: thresholds lie between neighbours.
    matrix[:, 4] = np.float32(1) + random.integers(0, 4, ROWS).astype(np.float32) * np.finfo(np.float32).eps
    window = 1 if learner in ("lightgbm", "xgboost") else WINDOW
    head = Head("tiny", "lightgbm", "up", learner, 1, "tick", TINY[learner], window=window)
    return head, Inputs(matrix, np.arange(window - 1, ROWS), window), target[window - 1 :], np.ones(ROWS)


@pytest.mark.parametrize("learner", list(TINY))
def test_export_answers_as_the_library_does_and_training_repeats(learner: str) -> None:
    head, inputs, target, weight = material(learner)
    index = np.arange(len(target))
    calibrator = Beta(0.7, 1.3, 0.1)
    contents = []
    for _ in range(2):
        model = learner_of(head)
        model.fit(inputs, index, target, weight[: len(index)])
        exported = export(model.graph(FEATURES), inputs.window, FEATURES, calibrator, {"model": "tiny"})
        contents.append(exported.content)
        assert verify(exported, inputs, index[:500], calibrator(model.predict(inputs, index[:500]))) <= 1e-5
    assert contents[0] == contents[1]
    graph = onnx.load_from_string(contents[0])
    assert [prop.value for prop in graph.metadata_props if prop.key == "model"] == ["tiny"]
    outputs = answers(contents[0], inputs.take(index[:3]))
    np.testing.assert_allclose(outputs[0].sum(axis=1), 1, atol=1e-6)
    assert [output["name"] for output in exported.outputs][1:] == ([EMBEDDING] if inputs.window > 1 else [])
    if inputs.window > 1:
        assert outputs[1].shape == (3, 5)
    with pytest.raises(ExportError, match="differs from the model"):
        verify(exported, inputs, index[:50], model.predict(inputs, index[:50]) + 0.01)


def test_windows_end_with_their_row() -> None:
    matrix = np.arange(40, dtype=np.float32).reshape(20, 2)
    taken = Inputs(matrix, np.array([4, 19]), 3).take(np.array([0, 1]))
    np.testing.assert_array_equal(taken[0], matrix[2:5])
    np.testing.assert_array_equal(taken[1], matrix[17:20])


@pytest.mark.parametrize(
    "calibrator",
    [
        Beta(0.5, 1.5, -0.2),
        fit_beta(CAME, SAID),
        fit_isotonic(CAME, SAID),
        Isotonic((0.4, 0.5, 0.6), (0.45, 0.5, 0.5)),
    ],
)
def test_calibration_in_the_graph_is_that_of_python(calibrator: Beta | Isotonic) -> None:
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            [onnx.helper.make_node("Identity", ["features"], ["said"])],
            "bare",
            [onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, ["rows", 1])],
            [onnx.helper.make_tensor_value_info(EMBEDDING, onnx.TensorProto.FLOAT, ["rows", 1])],
        ),
        opset_imports=[onnx.helper.make_opsetid("", 15)],
    )
    model.graph.node.append(onnx.helper.make_node("Identity", ["features"], [EMBEDDING]))
    exported = export(model, 1, 1, calibrator, {"model": "bare"})
    said = np.concatenate((np.linspace(0, 1, 1_001), [1e-7, 1 - 1e-7])).astype(np.float32)
    answered = answers(exported.content, said[:, None])[0][:, 1]
    np.testing.assert_allclose(answered, calibrator(said), atol=1e-5)


def test_calibration_is_kept_where_it_helps() -> None:
    judged = np.arange(len(SAID)) >= 15_000
    verdict = choose(CAME, SAID, judged)
    assert verdict.kept is not None
    assert verdict.errors[verdict.kept.name] < verdict.errors["none"] / 3
    assert calibration_error(CAME, verdict.kept(SAID)) < 0.02
    order = np.sort(SAID)
    assert (np.diff(verdict.kept(order)) >= 0).all()


def test_calibration_is_not_kept_where_it_does_not() -> None:
    calm = (np.random.default_rng(1).random(len(SAID)) < SAID).astype(float)
    # The rows it is fitted on are turned; those it is judged on are right as they are.
    judged = np.arange(len(SAID)) >= 15_000
    event = np.where(judged, calm, 1 - calm)
    verdict = choose(event, SAID, judged)
    assert verdict.kept is None
    assert set(verdict.errors) == {"none", "beta", "isotonic"}
