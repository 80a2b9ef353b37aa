"""Writes a small ONNX model for tests, and what it answers: twenty trees of LightGBM on noise with a rule in it.

Run with lightgbm 4.7.0, onnxmltools 1.16.0, onnx 1.23.2, onnxruntime 1.31.1 and numpy 2.4.6:
    python scripts/train/make_onnx_fixture.py test/fixtures/models
"""

import base64
import json
import sys
from pathlib import Path

import lightgbm
import numpy
import onnxmltools
import onnxruntime
from onnxmltools.convert.common.data_types import FloatTensorType

FEATURES = 59
ROWS = 4_000
SHOWN = 16


def main(folder: Path) -> None:
    random = numpy.random.default_rng(7)
    values = random.normal(size=(ROWS, FEATURES)).astype(numpy.float32)
    # Features that are not warm are missing, as they are to live members.
    values[random.random(size=values.shape) < 0.05] = numpy.nan
    score = numpy.nan_to_num(values[:, 0]) + numpy.nan_to_num(values[:, 1] * values[:, 2])
    up = (score + random.normal(size=ROWS) > 0).astype(int)
    trees = lightgbm.train(
        {"objective": "binary", "num_leaves": 7, "seed": 7, "deterministic": True, "verbosity": -1},
        lightgbm.Dataset(values, up),
        20,
    )
    model = onnxmltools.convert_lightgbm(
        trees, initial_types=[("features", FloatTensorType([None, FEATURES]))], zipmap=False, target_opset=15
    )
    content = model.SerializeToString()
    (folder / "tiny-trees.onnx").write_bytes(content)
    shown = values[:SHOWN]
    answers = onnxruntime.InferenceSession(content).run(["probabilities"], {"features": shown})[0][:, 1]
    assert numpy.allclose(answers, trees.predict(shown), atol=1e-6)
    told = {
        "features": FEATURES,
        "inputs": base64.b64encode(shown.tobytes()).decode(),
        "probabilities": [float(answer) for answer in answers],
    }
    (folder / "tiny-trees.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
