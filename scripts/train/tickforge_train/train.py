"""Trains one head: walk-forward, calibration, the model that ships, its holdout, its graph."""

import hashlib
import time as stopwatch
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import calibrate, metrics
from .clock import iso
from .dataset import Dataset
from .export import Exported, export, verify
from .heads import Head
from .models.trees import LightGbm, XgBoost
from .splits import Split, walk_forward

VERIFIED_ROWS = 2_000
Told = Callable[[str], None]


class TrainingError(Exception):
    """Why nothing can be learned from these rows."""


@dataclass(frozen=True)
class OutOfFold:
    """What fold models said of rows they had not learned from, with the key of each row."""

    symbol: np.ndarray
    time: np.ndarray
    event: np.ndarray
    probability: np.ndarray
    regime: np.ndarray


@dataclass(frozen=True)
class Trained:
    head: Head
    dataset: Dataset
    exported: Exported
    version: str
    folds: OutOfFold
    holdout: OutOfFold
    # For the card.
    details: dict[str, object]


@dataclass(frozen=True)
class Options:
    """How a run goes about it."""

    bootstraps: int = 300
    # Whether what ships learns from the holdout too, once that has been looked at.
    with_holdout: bool = False
    # Rows on which features are shuffled, one after the other.
    shuffled: int = 5_000


def learner_of(head: Head) -> LightGbm | XgBoost:
    if head.learner == "lightgbm":
        return LightGbm(head.settings, head.seed)
    if head.learner == "xgboost":
        return XgBoost(head.settings, head.seed)
    # Torch takes a second to load, and trees do not need it.
    from .models.nets import NetLearner

    return NetLearner(head.learner, head.settings, head.seed)


def train(head: Head, dataset: Dataset, schema: str, options: Options, told: Told) -> Trained:
    """@param told is given lines of progress"""
    folds, holdout = walk_forward(dataset.time, dataset.end, head.walk)
    for split in (*folds, holdout):
        _check(head, dataset, split)
    out_of_fold, fold_figures = _walk(head, dataset, folds, told)
    probability, rows = _joined(out_of_fold)
    judged = np.isin(rows, folds[-1].test)
    verdict = calibrate.choose(dataset.event[rows], probability, judged)
    learner, seconds = _fitted(head, dataset, holdout.train)
    final = _judged_rows(dataset, holdout.test)
    raw = learner.predict(dataset.inputs, final)
    answered = verdict.kept(raw) if verdict.kept else raw
    figures = _figures(dataset, final, answered, holdout.train, options.bootstraps)
    method = verdict.kept.name if verdict.kept else "no"
    told(f"  holdout: {_line(figures)}; {method} calibration; {seconds:.0f} s")
    importance = _importance(learner, dataset, rows[:: max(1, len(rows) // options.shuffled)])
    if options.with_holdout:
        everything = np.flatnonzero(np.isfinite(dataset.target))
        learner, _ = _fitted(head, dataset, everything)
    exported, difference = _exported(head, dataset, learner, verdict, schema)
    learned = everything if options.with_holdout else holdout.train
    details = {
        "splits": [split.described(dataset.time) for split in (*folds, holdout)],
        "folds": fold_figures,
        "calibration": {
            **(verdict.kept.described() if verdict.kept else {"method": "none"}),
            "judgedOn": folds[-1].name,
            "calibrationErrors": verdict.errors,
            "logLosses": verdict.losses,
        },
        "holdout": figures,
        "shippedLearnedUntil": iso(int(dataset.time[learned].max())),
        "importance": importance,
        "exportDifferenceMax": difference,
        "meanUniqueness": float(dataset.weight[learned].mean()),
    }
    day = iso(int(dataset.time[learned].max()))[:10].replace("-", "")
    version = f"{day}-{hashlib.sha256(exported.content).hexdigest()[:8]}"
    kept = verdict.kept(probability) if verdict.kept else probability
    return Trained(
        head,
        dataset,
        exported,
        version,
        _keyed(dataset, rows, kept),
        _keyed(dataset, final, answered),
        details,
    )


def _check(head: Head, dataset: Dataset, split: Split) -> None:
    for rows, what in ((split.train, "to learn from"), (split.test, "to be judged on")):
        events = dataset.event[rows]
        if not (events == 1).any() or not (events == 0).any():
            raise TrainingError(
                f"{head.model}: {split.name} has {len(rows)} rows {what} and not both outcomes among them: "
                "give it more data, or fewer folds"
            )


def _walk(
    head: Head, dataset: Dataset, folds: list[Split], told: Told
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[dict[str, object]]]:
    answers, figures = [], []
    for split in folds:
        learner, seconds = _fitted(head, dataset, split.train)
        rows = _judged_rows(dataset, split.test)
        probability = learner.predict(dataset.inputs, rows)
        answers.append((probability, rows))
        figure = metrics.summary(dataset.event[rows], probability)
        figures.append({"name": split.name, **figure})
        told(f"  {split.name}: {_line(figure)}; {seconds:.0f} s")
    return answers, figures


def _fitted(head: Head, dataset: Dataset, rows: np.ndarray) -> tuple[LightGbm | XgBoost, float]:
    rows = rows[np.isfinite(dataset.target[rows])]
    learner = learner_of(head)
    started = stopwatch.monotonic()
    # Around 1, so that what learners know as numbers of rows keeps its meaning.
    weight = dataset.weight[rows] / dataset.weight[rows].mean()
    learner.fit(dataset.inputs, rows, dataset.target[rows], weight)
    return learner, stopwatch.monotonic() - started


def _judged_rows(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    return rows[np.isfinite(dataset.event[rows])]


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _keyed(dataset: Dataset, rows: np.ndarray, probability: np.ndarray) -> OutOfFold:
    return OutOfFold(
        dataset.symbol[rows], dataset.time[rows], dataset.event[rows], probability, dataset.regime[rows]
    )


def _exported(
    head: Head, dataset: Dataset, learner: LightGbm | XgBoost, verdict: calibrate.Verdict, schema: str
) -> tuple[Exported, float]:
    metadata = {
        "model": head.model,
        "event": head.event,
        "horizonMicros": str(head.horizon),
        "featureSchema": schema,
        "features": ",".join(dataset.columns),
    }
    features = len(dataset.columns)
    exported = export(learner.graph(features), head.window, features, verdict.kept, metadata)
    shown = np.arange(len(dataset.time))[:: max(1, len(dataset.time) // VERIFIED_ROWS)]
    expected = learner.predict(dataset.inputs, shown)
    if verdict.kept:
        expected = verdict.kept(expected)
    return exported, verify(exported, dataset.inputs, shown, expected)


def _figures(
    dataset: Dataset, rows: np.ndarray, probability: np.ndarray, learned: np.ndarray, bootstraps: int
) -> dict[str, object]:
    """Everything that is said of the holdout."""
    event, symbol = dataset.event[rows], np.array(dataset.symbols)[dataset.symbol[rows]]
    figures: dict[str, object] = {
        **metrics.summary(event, probability),
        "intervals95": metrics.intervals(dataset.time[rows], event, probability, bootstraps),
        "bySymbol": metrics.by_group(event, probability, symbol),
        "byHour": metrics.by_group(event, probability, dataset.hour[rows]),
        "byRegime": metrics.by_group(event, probability, dataset.regime[rows]),
        "calibrationCurve": metrics.calibration_curve(event, probability),
        "coverage": metrics.coverage(event, probability),
    }
    naive = dataset.naive[rows]
    known = np.isfinite(naive)
    targets = dataset.target[learned]
    if dataset.ranged:
        figures["naive"] = {"pastRangeAuc": metrics.auc(event[known], naive[known])}
    else:
        figures["naive"] = metrics.direction_baselines(event, naive, float(np.nanmean(targets)))
    if dataset.delayed is not None:
        later = dataset.delayed[rows]
        traded = np.isfinite(later)
        figures["delayed"] = {
            **metrics.summary(later[traded], probability[traded]),
            "coverage": metrics.coverage(later[traded], probability[traded]),
        }
    return figures


def _importance(learner: LightGbm | XgBoost, dataset: Dataset, rows: np.ndarray) -> dict[str, object]:
    shares = learner.importance()
    if shares is not None:
        measure, values = "share of the gain of splits", shares
    else:
        measure, values = "AUC lost when a feature is shuffled", _shuffled(learner, dataset, rows)
    ranked = np.argsort(-values, kind="stable")
    return {"measure": measure, "features": {dataset.columns[at]: float(values[at]) for at in ranked}}


def _shuffled(learner: LightGbm | XgBoost, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Permutation importance (Breiman 2001) on rows of the folds; windows move as one."""
    from .models.inputs import Inputs

    event, windows = dataset.event[rows], dataset.inputs.take(rows)
    window, features = windows.shape[1], windows.shape[2]
    own = np.arange(len(rows))
    order = np.random.default_rng(0).permutation(len(rows))

    def scored(seen: np.ndarray) -> float:
        laid = Inputs(seen.reshape(-1, features), own * window + window - 1, window)
        return metrics.auc(event, learner.predict(laid, own))

    whole = scored(windows)
    lost = np.zeros(features)
    for at in range(features):
        other = windows.copy()
        other[:, :, at] = windows[order, :, at]
        lost[at] = whole - scored(other)
    return lost


def _line(figures: dict[str, object]) -> str:
    return (
        f"AUC {figures['auc']:.4f}, skill {figures['brierSkill']:+.4f}, ECE {figures['ece']:.4f}, "
        f"{figures['rows']} rows"
    )
