"""Gradient-boosted trees: LightGBM (Ke et al. 2017) and XGBoost (Chen and Guestrin 2016)."""

import re

import lightgbm
import numpy as np
import onnxmltools
import xgboost
from onnx import ModelProto
from onnxmltools.convert.common.data_types import FloatTensorType

from .inputs import OPSET, Inputs

THREADS = 2


class LightGbm:
    """Missing values are a branch of their own: NaN goes in as it is."""

    accepts_missing = True

    def __init__(self, settings: dict[str, float | int], seed: int) -> None:
        self._rounds = int(settings["rounds"])
        self._settings = {
            "objective": "binary",
            "verbosity": -1,
            "num_threads": THREADS,
            "seed": seed,
            # The same trees from the same rows, whatever the threads do.
            "deterministic": True,
            "force_row_wise": True,
            **{name: value for name, value in settings.items() if name != "rounds"},
        }

    def fit(self, inputs: Inputs, index: np.ndarray, target: np.ndarray, weight: np.ndarray) -> None:
        rows = lightgbm.Dataset(inputs.take(index), target, weight=weight)
        trained = lightgbm.train(self._settings, rows, self._rounds)
        self._booster = lightgbm.Booster(model_str=_thresholds_of_four_bytes(trained.model_to_string()))

    def predict(self, inputs: Inputs, index: np.ndarray) -> np.ndarray:
        return self._booster.predict(inputs.take(index), num_threads=THREADS)

    def graph(self, features: int) -> ModelProto:
        return onnxmltools.convert_lightgbm(
            self._booster, "trees", _input_of(features), target_opset=OPSET, zipmap=False
        )

    def importance(self) -> np.ndarray:
        """Gain of each feature's splits, as shares."""
        return _shares(self._booster.feature_importance("gain"))


class XgBoost:
    accepts_missing = True

    def __init__(self, settings: dict[str, float | int], seed: int) -> None:
        self._rounds = int(settings["rounds"])
        self._settings = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "nthread": THREADS,
            "seed": seed,
            **{name: value for name, value in settings.items() if name != "rounds"},
        }

    def fit(self, inputs: Inputs, index: np.ndarray, target: np.ndarray, weight: np.ndarray) -> None:
        values = inputs.take(index)
        rows = xgboost.DMatrix(values, target, weight=weight, nthread=THREADS)
        self._booster = xgboost.train(self._settings, rows, self._rounds)
        self._features = values.shape[1]

    def predict(self, inputs: Inputs, index: np.ndarray) -> np.ndarray:
        return self._booster.inplace_predict(inputs.take(index)).astype(np.float64)

    def graph(self, features: int) -> ModelProto:
        return onnxmltools.convert_xgboost(self._booster, "trees", _input_of(features), target_opset=OPSET)

    def importance(self) -> np.ndarray:
        gain = self._booster.get_score(importance_type="total_gain")
        return _shares(np.array([gain.get(f"f{at}", 0.0) for at in range(self._features)]))


def _thresholds_of_four_bytes(text: str) -> str:
    """Thresholds rounded down to floats of four bytes: since features are such floats, every row goes the
    same way as before, and it still does in ONNX, which has no larger thresholds."""

    def rounded(match: re.Match[str]) -> str:
        exact = np.array(match[1].split(), dtype=np.float64)
        near = exact.astype(np.float32)
        below = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near)
        return "threshold=" + " ".join(repr(float(value)) for value in below)

    text = re.sub(r"^threshold=(.+)$", rounded, text, flags=re.MULTILINE)
    # Where each tree lies in the text: it has moved.
    return re.sub(r"^tree_sizes=.*\n", "", text, flags=re.MULTILINE)


def _input_of(features: int) -> list[tuple[str, FloatTensorType]]:
    return [("features", FloatTensorType([None, features]))]


def _shares(gain: np.ndarray) -> np.ndarray:
    total = gain.sum()
    return gain / total if total > 0 else np.zeros(len(gain))
