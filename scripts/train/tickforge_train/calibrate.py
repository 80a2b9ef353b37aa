"""Calibration: from what a model says to how often that comes true. Fitted on rows the model had not learned
from."""

from dataclasses import dataclass

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from .metrics import calibration_error, log_loss

# Probabilities are kept this far from certainty before a logarithm: 1 less this is a float of four bytes,
# exactly.
EDGE = 2.0**-20
ISOTONIC_BINS = 20

Baked = tuple[list[NodeProto], list[TensorProto]]


@dataclass(frozen=True)
class Beta:
    """logit q = a ln p - b ln(1 - p) + c (Kull, Silva Filho and Flach 2017); a, b >= 0, so that no order is
    turned."""

    a: float
    b: float
    c: float
    name: str = "beta"

    def __call__(self, probability: np.ndarray) -> np.ndarray:
        p = np.clip(probability.astype(np.float64), EDGE, 1 - EDGE)
        return 1 / (1 + np.exp(-(self.a * np.log(p) - self.b * np.log1p(-p) + self.c)))

    def described(self) -> dict[str, object]:
        return {"method": self.name, "a": self.a, "b": self.b, "c": self.c}

    def nodes(self, said: str, calibrated: str) -> Baked:
        """The same in ONNX: from the tensor [rows, 1] of one name to one of the other."""
        constants = {"low": EDGE, "high": 1 - EDGE, "one": 1.0, "a": self.a, "b": self.b, "c": self.c}
        tensors = [_scalar(f"beta_{name}", value) for name, value in constants.items()]
        steps = [
            ("Clip", [said, "beta_low", "beta_high"], "beta_p"),
            ("Log", ["beta_p"], "beta_log_p"),
            ("Sub", ["beta_one", "beta_p"], "beta_not_p"),
            ("Log", ["beta_not_p"], "beta_log_not_p"),
            ("Mul", ["beta_log_p", "beta_a"], "beta_for"),
            ("Mul", ["beta_log_not_p", "beta_b"], "beta_against"),
            ("Sub", ["beta_for", "beta_against"], "beta_sum"),
            ("Add", ["beta_sum", "beta_c"], "beta_logit"),
            ("Sigmoid", ["beta_logit"], calibrated),
        ]
        return [helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps], tensors


@dataclass(frozen=True)
class Isotonic:
    """A rising line through points, level beyond its ends."""

    at: tuple[float, ...]
    value: tuple[float, ...]
    name: str = "isotonic"

    def __call__(self, probability: np.ndarray) -> np.ndarray:
        return np.interp(probability, self.at, self.value)

    def described(self) -> dict[str, object]:
        return {"method": self.name, "at": list(self.at), "value": list(self.value)}

    def nodes(self, said: str, calibrated: str) -> Baked:
        """value[0] + sum over points of (change of slope) x relu(p - point)."""
        slopes = np.diff(self.value) / np.diff(self.at)
        bends = np.diff(np.concatenate(([0.0], slopes, [0.0])))
        tensors = [
            numpy_helper.from_array(np.array([self.at], dtype=np.float32), "isotonic_at"),
            numpy_helper.from_array(bends.astype(np.float32)[:, None], "isotonic_bends"),
            _scalar("isotonic_first", self.value[0]),
        ]
        steps = [
            ("Sub", [said, "isotonic_at"], "isotonic_beyond"),
            ("Relu", ["isotonic_beyond"], "isotonic_past"),
            ("MatMul", ["isotonic_past", "isotonic_bends"], "isotonic_rise"),
            ("Add", ["isotonic_rise", "isotonic_first"], calibrated),
        ]
        return [helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps], tensors


Calibrator = Beta | Isotonic


def fit_beta(event: np.ndarray, probability: np.ndarray) -> Beta:
    """By logistic regression on ln p and -ln(1 - p); where a weight comes out negative, without that term
    (ibid.)."""
    p = np.clip(probability.astype(np.float64), EDGE, 1 - EDGE)
    terms = np.column_stack([np.log(p), -np.log1p(-p)])
    kept = [0, 1]
    weights = np.zeros(2)
    while kept:
        fitted = LogisticRegression(C=1e6, max_iter=1_000).fit(terms[:, kept], event)
        if (fitted.coef_[0] >= 0).all():
            weights[kept] = fitted.coef_[0]
            return Beta(float(weights[0]), float(weights[1]), float(fitted.intercept_[0]))
        kept.pop(int(np.argmin(fitted.coef_[0])))
    rate = float(np.clip(event.mean(), EDGE, 1 - EDGE))
    return Beta(0.0, 0.0, float(np.log(rate / (1 - rate))))


def fit_isotonic(event: np.ndarray, probability: np.ndarray) -> Isotonic:
    """Isotonic regression through the means of 20 bins of equal mass: a step between single forecasts has no
    meaning."""
    order = np.argsort(probability, kind="stable")
    parts = [rows for rows in np.array_split(order, ISOTONIC_BINS) if len(rows) > 0]
    said = np.array([probability[rows].mean(dtype=np.float64) for rows in parts])
    came = np.array([event[rows].mean() for rows in parts])
    value = IsotonicRegression().fit_transform(said, came, sample_weight=[len(rows) for rows in parts])
    # Points that float32 cannot tell apart would make an endless slope.
    keep = np.concatenate(([True], np.diff(said) > EDGE))
    return Isotonic(tuple(said[keep].tolist()), tuple(value[keep].tolist()))


@dataclass(frozen=True)
class Verdict:
    """Which calibration is kept and what each was worth on the rows it was judged on."""

    kept: Calibrator | None
    errors: dict[str, float]
    losses: dict[str, float]


def choose(event: np.ndarray, probability: np.ndarray, judged: np.ndarray) -> Verdict:
    """Fits on out-of-fold forecasts outside `judged`, and keeps the calibration with the smallest error there
    if both the calibration error and the log loss fall. What is kept is fitted once more on all of them."""
    fitting = ~judged
    errors = {"none": calibration_error(event[judged], probability[judged])}
    losses = {"none": log_loss(event[judged], probability[judged])}
    for fit in (fit_beta, fit_isotonic):
        candidate = fit(event[fitting], probability[fitting])
        answered = candidate(probability[judged])
        errors[candidate.name] = calibration_error(event[judged], answered)
        losses[candidate.name] = log_loss(event[judged], answered)
    better = [name for name in errors if errors[name] < errors["none"] and losses[name] < losses["none"]]
    if not better:
        return Verdict(None, errors, losses)
    best = min(better, key=lambda name: errors[name])
    fit = fit_beta if best == "beta" else fit_isotonic
    return Verdict(fit(event, probability), errors, losses)


def _scalar(name: str, value: float) -> TensorProto:
    return numpy_helper.from_array(np.array(value, dtype=np.float32), name)
