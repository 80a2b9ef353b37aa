"""Walk-forward splits: what a model is judged on lies after everything it learned from, with room between.

Purging and embargo: Lopez de Prado 2018, Advances in Financial Machine Learning, chapter 7.
"""

from dataclasses import dataclass

import numpy as np

from .clock import iso


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to be judged on."""

    name: str
    train: np.ndarray
    test: np.ndarray
    test_from: int
    test_until: int

    def described(self, time: np.ndarray) -> dict[str, object]:
        trained = time[self.train]
        return {
            "name": self.name,
            "trainRows": len(self.train),
            "trainFrom": iso(int(trained.min())) if len(trained) else None,
            "trainUntil": iso(int(trained.max())) if len(trained) else None,
            "testRows": len(self.test),
            "testFrom": iso(self.test_from),
            "testUntil": iso(self.test_until),
        }


@dataclass(frozen=True)
class Walk:
    """How the data is divided. Shares are of rows in the order of time: markets rest, and a share of time may
    be empty."""

    folds: int = 4
    # Learned from before the first fold is judged: a share of what lies before the holdout.
    first_share: float = 0.4
    # Where the holdout begins; without a moment, it is the last share.
    holdout_from: int | None = None
    holdout_share: float = 1 / 3
    # Between the end of the last label that is learned from and the first row that is judged.
    embargo: int = 0
    # Learn from at most this long before a fold; None for everything before it.
    rolling: int | None = None


def walk_forward(time: np.ndarray, end: np.ndarray, walk: Walk) -> tuple[list[Split], Split]:
    """Folds to choose on, and the holdout, which no choice is made on."""
    ordered = np.sort(time)
    stop = int(ordered[-1]) + 1
    holdout_from = walk.holdout_from
    if holdout_from is None:
        holdout_from = int(ordered[int(len(ordered) * (1 - walk.holdout_share))])
    before = int(np.searchsorted(ordered, holdout_from))
    first = int(before * walk.first_share)
    starts = [int(ordered[first + (before - first) * at // walk.folds]) for at in range(walk.folds)]
    edges = [*starts, holdout_from]
    folds = [
        _split(f"fold {at + 1}", time, end, (edges[at], edges[at + 1]), walk) for at in range(walk.folds)
    ]
    return folds, _split("holdout", time, end, (holdout_from, stop), walk)


def _split(name: str, time: np.ndarray, end: np.ndarray, test: tuple[int, int], walk: Walk) -> Split:
    test_from, test_until = test
    learned = end + walk.embargo <= test_from
    if walk.rolling is not None:
        learned &= time >= test_from - walk.rolling
    judged = (time >= test_from) & (time < test_until)
    # A fold is judged on labels that end before the next one begins.
    if name != "holdout":
        judged &= end <= test_until
    return Split(name, np.flatnonzero(learned), np.flatnonzero(judged), test_from, test_until)
