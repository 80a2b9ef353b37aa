"""Labels against slow implementations that follow the definitions word by word."""

import math

import numpy as np
import pytest

from market import bars
from tickforge_train import labels
from tickforge_train.clock import DAY, HOUR, MINUTE, SECOND
from tickforge_train.labels import Barriers

ROWS = bars(seed=3, minutes=1_500, missing=0.15)
TIME = ROWS["time"]


def ahead(at: int, horizon: int) -> list[int]:
    """Rows in (t, t + h], or none where less than 80 % of the minutes have one."""
    rows = [row for row in range(len(TIME)) if TIME[at] < TIME[row] <= TIME[at] + horizon]
    return rows if len(rows) >= 0.8 * horizon / MINUTE else []


@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_up(minutes: int) -> None:
    horizon = minutes * MINUTE
    found = labels.up(TIME, ROWS["close"], horizon)
    for at in range(0, len(TIME), 7):
        rows = ahead(at, horizon)
        move = ROWS["close"][rows[-1]] - ROWS["close"][at] if rows else 0.0
        expected = math.nan if move == 0 else float(move > 0)
        np.testing.assert_equal(found.value[at], expected)
        assert found.end[at] == TIME[at] + horizon
    assert np.isnan(found.value[-1])


@pytest.mark.parametrize("minutes", [1, 15, 60])
def test_ranges(minutes: int) -> None:
    horizon = minutes * MINUTE
    future = labels.future_range(TIME, ROWS["high"], ROWS["low"], horizon)
    past = labels.past_range(TIME, ROWS["high"], ROWS["low"], horizon)
    for at in range(0, len(TIME), 7):
        rows = ahead(at, horizon)
        np.testing.assert_allclose(future[at], range_of(rows))
        rows = [row for row in range(at + 1) if TIME[row] > TIME[at] - horizon]
        np.testing.assert_allclose(past[at], range_of(rows if len(rows) >= 0.8 * minutes else []))


def range_of(rows: list[int]) -> float:
    if not rows:
        return math.nan
    return 1e4 * math.log(max(ROWS["high"][rows]) / min(ROWS["low"][rows]))


def test_wider_without_median_is_no_label() -> None:
    found = labels.wider(
        np.array([3.0, 1.0, 3.0, np.nan]), np.array([2.0, 2.0, np.nan, 2.0]), np.arange(4), MINUTE
    )
    np.testing.assert_equal(found.value, [1, 0, np.nan, np.nan])


@pytest.mark.parametrize(("width", "cost"), [(1.0, 0.5), (0.3, 0.0), (5.0, 1.0)])
def test_triple_barrier(width: float, cost: float) -> None:
    horizon = 15 * MINUTE
    deviation = np.random.default_rng(1).uniform(0.5, 2.0, len(TIME))
    deviation[::50] = np.nan
    found = labels.triple_barrier(ROWS, deviation, horizon, Barriers(width, cost))
    seen = set()
    for at in range(len(TIME)):
        value, end = first_barrier(at, deviation[at], horizon, Barriers(width, cost))
        np.testing.assert_equal(found.value[at], value)
        assert found.end[at] == end
        seen.add(str(value))
    assert seen == {"0.0", "1.0", "nan"}


def first_barrier(at: int, deviation: float, horizon: int, barriers: Barriers) -> tuple[float, int]:
    end = TIME[at] + horizon
    rows = ahead(at, horizon)
    if not rows or math.isnan(deviation):
        return math.nan, end
    close = ROWS["close"][at]
    reach = barriers.width * deviation * math.sqrt(horizon / MINUTE) / 1e4 + barriers.cost_bp / 1e4
    for row in rows:
        above = ROWS["high"][row] >= close * math.exp(reach)
        below = ROWS["low"][row] <= close * math.exp(-reach)
        if above or below:
            return math.nan if above and below else float(above), TIME[row]
    move = math.log(ROWS["close"][rows[-1]] / close)
    return float(move > 0) if abs(move) > barriers.cost_bp / 1e4 else math.nan, end


@pytest.mark.parametrize("delay", [0, SECOND])
def test_ticks(delay: int) -> None:
    random = np.random.default_rng(5)
    # Several quotes share a time.
    time = np.sort(random.integers(0, 300, 400)) * SECOND // 2
    mid = 1 + random.integers(0, 4, 400) * 1e-5
    horizon = 5 * SECOND
    found = labels.up_ticks(time, mid, horizon, time + delay)
    for at, now in enumerate(time):
        enter, leave = now + delay, now + delay + horizon
        move = in_force(time, mid, leave) - in_force(time, mid, enter) if leave <= time[-1] else 0.0
        np.testing.assert_equal(found.value[at], math.nan if move == 0 else float(move > 0))
        assert found.end[at] == leave


def in_force(time: np.ndarray, mid: np.ndarray, moment: int) -> float:
    return next(mid[row] for row in range(len(time) - 1, -1, -1) if time[row] <= moment)


@pytest.mark.parametrize(
    ("hour", "minute", "resting"),
    [(20, 14, False), (20, 15, True), (20, 30, True), (22, 59, True), (23, 0, False), (12, 0, False)],
)
def test_rollover(hour: int, minute: int, resting: bool) -> None:
    time = np.array([17_000 * DAY + hour * HOUR + minute * MINUTE])
    assert labels.in_rollover(time, 15 * MINUTE)[0] == resting
