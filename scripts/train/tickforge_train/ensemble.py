"""What members are worth together: forecasts of the same rows, side by side."""

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from . import forecasts, metrics, stack
from .clock import DAY
from .forecasts import Forecasts
from .train import OutOfFold

DRAWS = 300


def report(out: Path) -> list[str]:
    """Writes <out>/stack.json: for each event and horizon that several members foretell whose forecasts lie
    in <out>, whenever they were trained, the weights of a logistic meta-learner and those of a weighted
    mean, learned on folds and judged on the holdout. Returns it as lines."""
    found = [forecasts.load(path) for path in sorted(out.glob(f"*/{forecasts.FILE}"))]
    groups: dict[str, list[Forecasts]] = defaultdict(list)
    for each in found:
        groups[f"{each.event} after {each.horizon // 60_000_000} minutes"].append(each)
    told: dict[str, object] = {}
    lines = []
    for name, members in groups.items():
        if len(members) < 2:
            continue
        if len({each.schema for each in members}) > 1:
            models = ", ".join(each.model for each in members)
            lines.append(f"not together, {name}: {models} learned from different features; train them anew")
            continue
        figures = _stacked(members)
        told[name] = figures
        lines.append(f"together, {name}:")
        lines += [
            f"  {model}: mean {weight:.3f}, logistic {figures['logisticWeights'][model]:+.3f}"
            for model, weight in figures["voteWeights"].items()
        ]
        for regime, slope in figures["reliability"].items():
            lines.append(
                f"  {regime}: {slope['slope']:.2f} of what is said comes true "
                f"[{slope['low']:.2f}, {slope['high']:.2f}], {slope['rows']} rows"
            )
        for how, holdout in figures["holdout"].items():
            lines.append(f"  holdout, {how}: AUC {holdout['auc']:.4f}, skill {holdout['brierSkill']:+.4f}")
    if told:
        out.mkdir(parents=True, exist_ok=True)
        (out / "stack.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return lines


def _stacked(members: list[Forecasts]) -> dict[str, object]:
    names = [each.model for each in members]
    symbols = sorted({symbol for each in members for symbol in each.symbols})
    rows = common_rows([_numbered(each.folds, each.symbols, symbols) for each in members])
    event, said = rows.event, rows.said
    weights, intercept = stack.logistic_weights(event, said)
    mean = stack.vote_weights(event, said)
    final = common_rows([_numbered(each.holdout, each.symbols, symbols) for each in members])
    final_event, final_said = final.event, final.said
    answer = stack.logistic_answer(weights, intercept, said)
    return {
        "versions": {each.model: each.version for each in members},
        "rows": len(event),
        "logisticWeights": dict(zip(names, weights.tolist(), strict=True)),
        "logisticIntercept": intercept,
        "voteWeights": dict(zip(names, mean.tolist(), strict=True)),
        "reliability": {
            str(regime): _slope(rows.time[at], event[at], answer[at])
            for regime in np.unique(rows.regime)
            if (at := rows.regime == regime).any()
        },
        "correlations": np.corrcoef(stack.logit(said).T).tolist(),
        "holdout": {
            "logistic": metrics.summary(final_event, stack.logistic_answer(weights, intercept, final_said)),
            "weighted mean": metrics.summary(final_event, final_said @ mean),
            "equal weights": metrics.summary(final_event, final_said.mean(axis=1)),
            **{name: metrics.summary(final_event, final_said[:, at]) for at, name in enumerate(names)},
        },
    }


def _slope(time: np.ndarray, event: np.ndarray, probability: np.ndarray) -> dict[str, float | int]:
    """How much of the distance from one half comes true: the least-squares slope through the origin, and its
    95 % interval from whole days drawn again."""
    x, y = probability - 0.5, event - 0.5
    _, day = np.unique(time // DAY, return_inverse=True)
    moved, spread = np.bincount(day, weights=x * y), np.bincount(day, weights=x * x)
    draws = np.random.default_rng(0).integers(len(moved), size=(DRAWS, len(moved)))
    slopes = moved[draws].sum(axis=1) / spread[draws].sum(axis=1)
    low, high = np.quantile(slopes, [0.025, 0.975])
    return {
        "rows": len(x),
        "slope": float(moved.sum() / spread.sum()),
        "low": float(low),
        "high": float(high),
    }


@dataclass(frozen=True)
class CommonRows:
    """What every member has an answer for."""

    time: np.ndarray
    event: np.ndarray
    regime: np.ndarray
    # Rows x members.
    said: np.ndarray


def _numbered(forecast: OutOfFold, own: list[str], symbols: list[str]) -> OutOfFold:
    """With the numbers that symbols have in `symbols`."""
    numbers = np.array([symbols.index(symbol) for symbol in own])
    return replace(forecast, symbol=numbers[forecast.symbol])


def common_rows(forecasts: list[OutOfFold]) -> CommonRows:
    # A time in microseconds leaves 12 bits above it for the symbol.
    keys = [forecast.time * 4_096 + forecast.symbol for forecast in forecasts]
    shared = keys[0]
    for other in keys[1:]:
        shared = np.intersect1d(shared, other)
    columns = []
    for key, forecast in zip(keys, forecasts, strict=True):
        order = np.argsort(key, kind="stable")
        rows = order[np.searchsorted(key[order], shared)]
        columns.append(forecast.probability[rows])
    return CommonRows(
        forecast.time[rows], forecast.event[rows], forecast.regime[rows], np.column_stack(columns)
    )
