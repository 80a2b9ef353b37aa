"""What a forecast is worth: discrimination, calibration, skill, and how sure one can be of each."""

from collections.abc import Callable

import numpy as np

from .clock import DAY

# Of the calibration error: bins hold the same number of forecasts each.
ECE_BINS = 15
CLIP = 1e-7
SEED = 20_180_101


def auc(event: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Area under the ROC curve: how often an event scores above a non-event, ties by half (Mann-Whitney)."""
    return _Ranked(event, score).auc(np.ones(len(event)) if weight is None else weight)


class _Ranked:
    """Sorted once, so that a bootstrap's repetitions cost only sums."""

    def __init__(self, event: np.ndarray, score: np.ndarray) -> None:
        self._order = np.argsort(score, kind="stable")
        ranked = score[self._order]
        self._groups = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
        self._event = event[self._order].astype(float)

    def auc(self, weight: np.ndarray) -> float:
        weight = weight[self._order]
        events = np.add.reduceat(weight * self._event, self._groups)
        others = np.add.reduceat(weight * (1 - self._event), self._groups)
        pairs = events.sum() * others.sum()
        if pairs == 0:
            return float("nan")
        return float((events * (np.cumsum(others) - others / 2)).sum() / pairs)


def log_loss(event: np.ndarray, probability: np.ndarray) -> float:
    p = np.clip(probability, CLIP, 1 - CLIP)
    return float(-np.mean(event * np.log(p) + (1 - event) * np.log1p(-p)))


def brier(event: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared error of a probability (Brier 1950)."""
    return float(np.mean((probability - event) ** 2))


def brier_skill(event: np.ndarray, probability: np.ndarray) -> float:
    """1 - Brier / Brier of always saying the share of events in these very rows."""
    base = float(np.var(event))
    return 1 - brier(event, probability) / base if base > 0 else float("nan")


def calibration_curve(
    event: np.ndarray, probability: np.ndarray, bins: int = ECE_BINS
) -> list[dict[str, float]]:
    """What was said and what came, in bins of equal numbers of forecasts."""
    order = np.argsort(probability, kind="stable")
    return [
        {"said": float(probability[rows].mean()), "came": float(event[rows].mean()), "rows": len(rows)}
        for rows in np.array_split(order, bins)
        if len(rows) > 0
    ]


def calibration_error(event: np.ndarray, probability: np.ndarray, bins: int = ECE_BINS) -> float:
    """Expected calibration error over bins of equal mass (Naeini et al. 2015; equal mass: Nixon et al.
    2019)."""
    curve = calibration_curve(event, probability, bins)
    return sum(abs(point["said"] - point["came"]) * point["rows"] for point in curve) / max(len(event), 1)


def coverage(event: np.ndarray, probability: np.ndarray) -> list[dict[str, float]]:
    """Accuracy by decile of confidence |p - 1/2|, the most confident first."""
    order = np.argsort(-np.abs(probability - 0.5), kind="stable")
    right = (probability > 0.5) == (event > 0.5)
    return [
        {
            "accuracy": float(right[rows].mean()),
            "confidence": float(np.abs(probability[rows] - 0.5).mean() + 0.5),
        }
        for rows in np.array_split(order, 10)
        if len(rows) > 0
    ]


def accuracy(event: np.ndarray, probability: np.ndarray) -> float:
    return float(np.mean((probability > 0.5) == (event > 0.5)))


def day_block_interval(
    time: np.ndarray, statistic: Callable[[np.ndarray], float], repetitions: int, level: float = 0.95
) -> list[float]:
    """Interval of a statistic of row weights when whole UTC days are drawn again, since rows of one day are
    not independent (block bootstrap, Kuensch 1989)."""
    days, day = np.unique(time // DAY, return_inverse=True)
    random = np.random.default_rng(SEED)
    drawn = []
    for _ in range(repetitions):
        times = np.bincount(random.integers(0, len(days), len(days)), minlength=len(days))
        drawn.append(statistic(times[day].astype(float)))
    tail = 50 * (1 - level)
    return [float(edge) for edge in np.nanpercentile(drawn, [tail, 100 - tail])]


def intervals(
    time: np.ndarray, event: np.ndarray, probability: np.ndarray, repetitions: int
) -> dict[str, list[float]]:
    """95 % intervals of AUC, Brier skill and accuracy by day blocks."""
    ranked = _Ranked(event, probability)
    squared = (probability - event) ** 2
    right = ((probability > 0.5) == (event > 0.5)).astype(float)

    def skill(weight: np.ndarray) -> float:
        rate = np.average(event, weights=weight)
        base = rate * (1 - rate)
        return float(1 - np.average(squared, weights=weight) / base) if base > 0 else float("nan")

    def accurate(weight: np.ndarray) -> float:
        return float(np.average(right, weights=weight))

    return {
        "auc": day_block_interval(time, ranked.auc, repetitions),
        "brierSkill": day_block_interval(time, skill, repetitions),
        "accuracy": day_block_interval(time, accurate, repetitions),
    }


def summary(event: np.ndarray, probability: np.ndarray) -> dict[str, float | int]:
    """The figures of some rows; empty without rows or with one kind of outcome only."""
    if len(event) == 0 or event.min() == event.max():
        return {"rows": len(event)}
    return {
        "rows": len(event),
        "baseRate": float(event.mean()),
        "auc": auc(event, probability),
        "logLoss": log_loss(event, probability),
        "brier": brier(event, probability),
        "brierSkill": brier_skill(event, probability),
        "ece": calibration_error(event, probability),
        "accuracy": accuracy(event, probability),
    }


def by_group(
    event: np.ndarray, probability: np.ndarray, group: np.ndarray
) -> dict[str, dict[str, float | int]]:
    return {str(name): summary(event[group == name], probability[group == name]) for name in np.unique(group)}


def direction_baselines(event: np.ndarray, last_move: np.ndarray, trained_rate: float) -> dict[str, float]:
    """Accuracy of who knows nothing: the side that was commoner in training, the last move again, its
    reverse.

    Rows whose last move was none count half for the latter two.
    """
    repeated = np.where(last_move == 0, 0.5, (last_move > 0) == (event > 0.5))
    return {
        "majority": float(np.mean(event > 0.5 if trained_rate > 0.5 else event < 0.5)),
        "repeat": float(np.nanmean(repeated)),
        "reverse": float(1 - np.nanmean(repeated)),
    }
