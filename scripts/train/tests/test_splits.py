"""What is judged never overlaps what was learned from; labels that overlap count less."""

import numpy as np
import pytest

from tickforge_train.clock import DAY, HOUR, MINUTE
from tickforge_train.splits import Walk, walk_forward
from tickforge_train.weights import average_uniqueness


def rows(symbols: int = 3, count: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    time = (
        np.concatenate([np.sort(random.choice(100 * 1_440, count, False)) for _ in range(symbols)]) * MINUTE
    )
    return time, time + random.integers(1, 60, len(time)) * MINUTE


@pytest.mark.parametrize("embargo", [0, DAY])
@pytest.mark.parametrize("rolling", [None, 20 * DAY])
@pytest.mark.parametrize("holdout_from", [None, 60 * DAY])
def test_walk_forward(embargo: int, rolling: int | None, holdout_from: int | None) -> None:
    time, end = rows()
    walk = Walk(folds=4, embargo=embargo, rolling=rolling, holdout_from=holdout_from)
    folds, holdout = walk_forward(time, end, walk)
    judged = []
    for split in (*folds, holdout):
        assert len(split.train) > 0 and len(split.test) > 0
        assert end[split.train].max() + embargo <= time[split.test].min()
        if rolling is not None:
            assert time[split.train].min() >= split.test_from - rolling
        judged.append(split.test)
    for fold in folds:
        assert time[fold.test].max() < holdout.test_from
        assert end[fold.test].max() <= holdout.test_from
    everything = np.concatenate(judged)
    assert len(np.unique(everything)) == len(everything)
    # Nothing is lost but what is purged: whatever could be learned from, is.
    if rolling is None:
        assert len(holdout.train) == (end + embargo <= holdout.test_from).sum()
    assert (time[holdout.test] >= holdout.test_from).all()
    assert len(holdout.test) == (time >= holdout.test_from).sum()


def test_uniqueness_against_counting() -> None:
    random = np.random.default_rng(4)
    start = np.sort(random.integers(0, 500, 200)) * MINUTE + 7 * HOUR
    end = start + random.integers(1, 30, 200) * MINUTE
    found = average_uniqueness(start, end, MINUTE)
    for at in range(len(start)):
        minutes = range(start[at] // MINUTE, end[at] // MINUTE)
        shares = [1 / np.sum((start // MINUTE <= minute) & (minute < end // MINUTE)) for minute in minutes]
        assert found[at] == pytest.approx(np.mean(shares))


def test_uniqueness_of_labels_apart_is_one() -> None:
    start = np.arange(10) * HOUR
    np.testing.assert_allclose(average_uniqueness(start, start + HOUR, MINUTE), 1.0)
    np.testing.assert_allclose(average_uniqueness(np.zeros(4, dtype=int), np.full(4, HOUR), MINUTE), 0.25)
    assert len(average_uniqueness(start[:0], start[:0], MINUTE)) == 0
