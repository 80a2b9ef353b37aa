"""What members are worth together: forecasts of the same rows, side by side."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from . import metrics, stack
from .train import OutOfFold, Trained


def report(trained: list[Trained], out: Path) -> list[str]:
    """Writes <out>/stack.json: for each event and horizon that several members of any symbol foretell, the
    weights of a logistic meta-learner and those of a weighted mean, learned on folds and judged on the
    holdout. Returns it as lines."""
    groups: dict[str, list[Trained]] = defaultdict(list)
    for each in trained:
        if each.head.symbols is None:
            groups[f"{each.head.event} after {each.head.horizon // 60_000_000} minutes"].append(each)
    told: dict[str, object] = {}
    lines = []
    for name, members in groups.items():
        if len(members) < 2:
            continue
        figures = _stacked(members)
        told[name] = figures
        lines.append(f"together, {name}:")
        lines += [
            f"  {model}: mean {weight:.3f}, logistic {figures['logisticWeights'][model]:+.3f}"
            for model, weight in figures["voteWeights"].items()
        ]
        for how, holdout in figures["holdout"].items():
            lines.append(f"  holdout, {how}: AUC {holdout['auc']:.4f}, skill {holdout['brierSkill']:+.4f}")
    if told:
        out.mkdir(parents=True, exist_ok=True)
        (out / "stack.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return lines


def _stacked(members: list[Trained]) -> dict[str, object]:
    names = [each.head.model for each in members]
    event, said = common_rows([each.folds for each in members])
    weights, intercept = stack.logistic_weights(event, said)
    mean = stack.vote_weights(event, said)
    final_event, final_said = common_rows([each.holdout for each in members])
    return {
        "rows": len(event),
        "logisticWeights": dict(zip(names, weights.tolist(), strict=True)),
        "logisticIntercept": intercept,
        "voteWeights": dict(zip(names, mean.tolist(), strict=True)),
        "correlations": np.corrcoef(stack.logit(said).T).tolist(),
        "holdout": {
            "logistic": metrics.summary(final_event, stack.logistic_answer(weights, intercept, final_said)),
            "weighted mean": metrics.summary(final_event, final_said @ mean),
            "equal weights": metrics.summary(final_event, final_said.mean(axis=1)),
            **{name: metrics.summary(final_event, final_said[:, at]) for at, name in enumerate(names)},
        },
    }


def common_rows(forecasts: list[OutOfFold]) -> tuple[np.ndarray, np.ndarray]:
    """Events and forecasts [rows, members] of those rows that every member has an answer for."""
    # A time in microseconds leaves 12 bits above it for the symbol.
    keys = [forecast.time * 4_096 + forecast.symbol for forecast in forecasts]
    shared = keys[0]
    for other in keys[1:]:
        shared = np.intersect1d(shared, other)
    columns, event = [], None
    for key, forecast in zip(keys, forecasts, strict=True):
        order = np.argsort(key, kind="stable")
        rows = order[np.searchsorted(key[order], shared)]
        columns.append(forecast.probability[rows])
        event = forecast.event[rows]
    return event, np.column_stack(columns)
