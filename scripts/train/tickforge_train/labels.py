"""What models are asked to foretell, from prices that come later. NaN is "no label".

Times are microseconds. Minute rows carry the time their bar closed, so a bar that closes at t + h is the last
one of the minutes (t, t + h].
"""

from dataclasses import dataclass

import numpy as np

from .clock import DAY, HOUR, MINUTE

# Of the minutes on the way, how many must have a bar.
PRESENT_SHARE = 0.8
ROLLOVER_FROM = 20 * HOUR + 30 * MINUTE
ROLLOVER_UNTIL = 23 * HOUR
BASIS_POINTS = 1e4
SAME_PRICE = 1e-10


@dataclass(frozen=True)
class Labels:
    """1 or 0 or NaN for each row, and when each is known: what is learned from it before then is a look
    ahead."""

    value: np.ndarray
    end: np.ndarray


def minutes_ahead(time: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the rows in (t, t + h]: the last one's index (the row's own if there is none), and whether there are
    enough."""
    last = np.searchsorted(time, time + horizon, side="right") - 1
    present = last - np.arange(len(time))
    return last, present >= PRESENT_SHARE * horizon / MINUTE


def up(time: np.ndarray, close: np.ndarray, horizon: int) -> Labels:
    """Whether the mid is higher at t + h than at t.

    The price at t + h is the close of the last bar that closed in (t, t + h]; bars are needed in at least 80
    % of those minutes. An equal price is no label.
    """
    last, enough = minutes_ahead(time, horizon)
    return Labels(_rose(close, close[last], enough), time + horizon)


def up_ticks(time: np.ndarray, mid: np.ndarray, horizon: int, entry: np.ndarray) -> Labels:
    """Whether the quote in force at a moment of entry + h has a higher mid than the one in force at entry.

    In force is the newest quote at or before a moment, of several with one time the last. Moments beyond the
    last quote have none.
    """
    entered = np.searchsorted(time, entry, side="right") - 1
    left = np.searchsorted(time, entry + horizon, side="right") - 1
    known = entry + horizon <= time[-1] if len(time) else np.zeros(0, dtype=bool)
    return Labels(_rose(mid[entered], mid[left], known), entry + horizon)


def _rose(before: np.ndarray, after: np.ndarray, known: np.ndarray) -> np.ndarray:
    value = np.where(after > before, 1.0, 0.0)
    # Two quotes with one mid may be a last bit apart: it is half a sum of decimals.
    same = np.isclose(after, before, rtol=SAME_PRICE, atol=0)
    value[~known | same | ~np.isfinite(after) | ~np.isfinite(before)] = np.nan
    return value


def future_range(time: np.ndarray, high: np.ndarray, low: np.ndarray, horizon: int) -> np.ndarray:
    """1e4 ln(highest high / lowest low) of the bars that close in (t, t + h], bp; NaN below 80 % of the
    minutes."""
    last, enough = minutes_ahead(time, horizon)
    return _spanned(high, low, np.arange(len(time)) + 1, last, enough)


def past_range(time: np.ndarray, high: np.ndarray, low: np.ndarray, horizon: int) -> np.ndarray:
    """The same of the bars that closed in (t - h, t]: what a naive forecast of the range is made of."""
    first = np.searchsorted(time, time - horizon, side="right")
    own = np.arange(len(time))
    return _spanned(high, low, first, own, own - first + 1 >= PRESENT_SHARE * horizon / MINUTE)


def _spanned(
    high: np.ndarray, low: np.ndarray, first: np.ndarray, last: np.ndarray, enough: np.ndarray
) -> np.ndarray:
    """Ranges of rows first..last, both included, from tables of powers of two (Bender and Farach-Colton
    2000)."""
    spans = np.full(len(high), np.nan)
    rows = np.flatnonzero(enough & (last >= first))
    length = (last - first + 1)[rows]
    highest, lowest = np.log(high), np.log(low)
    for power in range(int(length.max(initial=1)).bit_length()):
        width = 1 << power
        at = rows[(length >= width) & (length < 2 * width)]
        start, stop = first[at], last[at] - width + 1
        spans[at] = np.maximum(highest[start], highest[stop]) - np.minimum(lowest[start], lowest[stop])
        if len(highest) > width:
            highest = np.append(np.maximum(highest[:-width], highest[width:]), highest[-width:])
            lowest = np.append(np.minimum(lowest[:-width], lowest[width:]), lowest[-width:])
    return BASIS_POINTS * spans


def wider(range_ahead: np.ndarray, median: np.ndarray, time: np.ndarray, horizon: int) -> Labels:
    """Whether the range ahead is wider than a median that is known now, both in bp; without a median no
    label."""
    value = np.where(range_ahead > median, 1.0, 0.0)
    value[~np.isfinite(range_ahead) | ~np.isfinite(median)] = np.nan
    return Labels(value, time + horizon)


@dataclass(frozen=True)
class Barriers:
    """How far the barriers are: `width` deviations of the return over the horizon, and what a round trip
    costs."""

    width: float = 1.0
    cost_bp: float = 0.5


def triple_barrier(
    bars: dict[str, np.ndarray], deviation_bp: np.ndarray, horizon: int, barriers: Barriers
) -> Labels:
    """Which barrier the price meets first (Lopez de Prado 2018, Advances in Financial Machine Learning,
    chapter 3).

    The horizontal barriers lie at close x exp(+-(width x deviation x sqrt(minutes of the horizon) + cost)),
    where the deviation is that of one-minute log returns known at t; the vertical one at t + h. The upper one
    first is 1, the lower one 0. A bar that meets both says nothing of their order: no label. At the vertical
    barrier the move's sign counts if it is beyond the cost, and else there is no label. Bars are needed in 80
    % of the minutes, as for `up`.
    """
    time, high, low, close = bars["time"], bars["high"], bars["low"], bars["close"]
    last, enough = minutes_ahead(time, horizon)
    cost = barriers.cost_bp / BASIS_POINTS
    reach = barriers.width * deviation_bp * np.sqrt(horizon / MINUTE) / BASIS_POINTS + cost
    upper, lower = close * np.exp(reach), close * np.exp(-reach)
    value, end = np.full(len(time), np.nan), time + horizon
    open_rows = np.flatnonzero(enough & np.isfinite(reach))
    for step in range(1, horizon // MINUTE + 1):
        open_rows = open_rows[open_rows + step <= last[open_rows]]
        bar = open_rows + step
        above, below = high[bar] >= upper[open_rows], low[bar] <= lower[open_rows]
        touched = above | below
        rows = open_rows[touched]
        value[rows] = np.where((above & below)[touched], np.nan, above[touched])
        end[rows] = time[bar[touched]]
        ended = ~touched & (bar == last[open_rows])
        rows = open_rows[ended]
        move = np.log(close[last[rows]] / close[rows])
        value[rows] = np.where(np.abs(move) > cost, move > 0, np.nan)
        open_rows = open_rows[~touched & ~ended]
    return Labels(value, end)


def in_rollover(time: np.ndarray, horizon: int) -> np.ndarray:
    """Whether t or t + h lies in 20:30-23:00 UTC, where bids fall away from mids that nobody recorded."""
    start, end = time % DAY, (time + horizon) % DAY
    return ((start >= ROLLOVER_FROM) & (start < ROLLOVER_UNTIL)) | (
        (end >= ROLLOVER_FROM) & (end < ROLLOVER_UNTIL)
    )
