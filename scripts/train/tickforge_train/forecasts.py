"""What a head said of rows that it had not learned from, kept beside its model: heads that were trained in
different runs can be weighed together."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from .train import OutOfFold, Trained

FILE = "forecasts.npz"


@dataclass(frozen=True)
class Forecasts:
    model: str
    version: str
    event: str
    # Microseconds.
    horizon: int
    # Of the features it learned from.
    schema: str
    # What the numbers of symbols mean.
    symbols: list[str]
    folds: OutOfFold
    holdout: OutOfFold


def save(trained: Trained, schema: str, into: Path) -> None:
    head = trained.head
    told = {
        "model": head.model,
        "version": trained.version,
        "event": head.event,
        "horizon": head.horizon,
        "schema": schema,
        "symbols": list(trained.dataset.symbols),
    }
    columns = {
        f"{part}.{field.name}": getattr(forecast, field.name)
        for part, forecast in (("folds", trained.folds), ("holdout", trained.holdout))
        for field in fields(OutOfFold)
    }
    np.savez_compressed(into / FILE, told=np.array(json.dumps(told)), **columns)


def load(path: Path) -> Forecasts:
    with np.load(path, allow_pickle=False) as file:
        parts = {
            part: OutOfFold(**{field.name: file[f"{part}.{field.name}"] for field in fields(OutOfFold)})
            for part in ("folds", "holdout")
        }
        return Forecasts(**json.loads(str(file["told"])), **parts)
