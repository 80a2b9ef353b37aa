"""Puts a head's rows together: which rows, what they are asked, how much they count, and what is known of
them besides."""

from dataclasses import dataclass

import numpy as np

from . import labels
from .clock import DAY, HOUR, MINUTE, SECOND
from .data import DataError, FeatureFolder, Table
from .heads import Head
from .labels import Labels
from .models.inputs import Inputs
from .weights import average_uniqueness

# With fewer of its features than half a live member keeps still: such rows teach nothing.
MARKET_GAP = 5 * MINUTE
MISSING_SHARE_MAX = 0.5
AGITATED_RATIO = 1.5
TRENDING_ADX = 25.0


@dataclass(frozen=True)
class Dataset:
    """Rows of all symbols of a head, by symbol, then by time."""

    columns: list[str]
    symbols: list[str]
    inputs: Inputs
    symbol: np.ndarray
    time: np.ndarray
    # When everything that a row is learned or judged by is known.
    end: np.ndarray
    # What is learned and what is judged; NaN where a row has no such label.
    target: np.ndarray
    event: np.ndarray
    # The event for who enters later; only where the head knows a delay.
    delayed: np.ndarray | None
    weight: np.ndarray
    # The last move of the price, or the past range over the median.
    naive: np.ndarray
    regime: np.ndarray
    # Whether the event is about ranges, not directions.
    ranged: bool

    @property
    def hour(self) -> np.ndarray:
        return self.time % DAY // HOUR


@dataclass(frozen=True)
class _Asked:
    """What the rows of one symbol are asked."""

    # When each row's answer is acted on.
    moment: np.ndarray
    target: Labels
    event: Labels
    delayed: Labels | None
    naive: np.ndarray


def build(folder: FeatureFolder, head: Head, span: tuple[int, int] | None = None) -> Dataset:
    """@param span of times to take rows from; labels may look beyond it"""
    columns = head.columns(folder.features)
    wanted = [*columns, *([head.median] if head.median else []), *_deviation(head)]
    folder.require(wanted, f"the model {head.model}")
    if head.on_ticks != (folder.cadence == "tick"):
        raise DataError(
            f"{head.model} learns from {'ticks' if head.on_ticks else 'minutes'}, not {folder.cadence}s"
        )
    symbols = list(head.symbols or folder.symbols)
    absent = [symbol for symbol in symbols if symbol not in folder.symbols]
    if absent:
        raise DataError(f"{head.model} is for {', '.join(absent)}, of which {folder.folder} has nothing")
    parts = [_part(folder, folder.table(symbol), head, columns, span) for symbol in symbols]
    offsets = np.cumsum([0, *(len(part["matrix"]) for part in parts)])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "row"}
    row = np.concatenate([part["row"] + offset for part, offset in zip(parts, offsets, strict=False)])
    if len(row) == 0:
        raise DataError(f"{head.model}: no row of {', '.join(symbols)} has a label")
    sizes = [len(part["row"]) for part in parts]
    inputs = Inputs(joined.pop("matrix"), row, head.window)
    delayed = joined.pop("delayed", None)
    return Dataset(
        columns,
        symbols,
        inputs,
        np.repeat(np.arange(len(symbols)), sizes),
        delayed=delayed,
        ranged=head.median is not None,
        **joined,
    )


def _deviation(head: Head) -> list[str]:
    return ["volatility_100"] if head.label == "triple-barrier" else []


def _part(
    folder: FeatureFolder, table: Table, head: Head, columns: list[str], span: tuple[int, int] | None
) -> dict[str, np.ndarray]:
    time = table.time
    asked = _asked_of_ticks(table, head) if head.on_ticks else _asked_of_minutes(folder, table, head)
    slot = time // head.every
    # Of ticks the last of each slot, whose answer is in force when the slot ends; of minutes the one that
    # closes as it begins.
    taken = np.concatenate((slot[1:] != slot[:-1], [False])) if head.on_ticks else time % head.every == 0
    taken &= np.isfinite(asked.event.value) | np.isfinite(asked.target.value)
    if span is not None:
        taken &= (time >= span[0]) & (time < span[1])
    if head.window > 1:
        taken &= _whole_window(time, head.window)
    rows = np.flatnonzero(taken)
    matrix = table.matrix(columns)
    rows = rows[np.isnan(matrix[rows]).mean(axis=1) <= MISSING_SHARE_MAX]
    target = asked.target.value[rows]
    learned = np.isfinite(target)
    weight = np.zeros(len(rows))
    unit = SECOND if head.on_ticks else MINUTE
    ends = asked.target.end[rows]
    moment = asked.moment[rows]
    weight[learned] = average_uniqueness(moment[learned], ends[learned], unit)
    part = {
        "matrix": matrix if head.window > 1 else matrix[rows],
        "row": rows if head.window > 1 else np.arange(len(rows)),
        "time": moment,
        "end": np.maximum(ends, asked.event.end[rows]),
        "target": target,
        "event": asked.event.value[rows],
        "weight": weight,
        "naive": asked.naive[rows],
        "regime": _regime(folder, table, rows),
    }
    return part if asked.delayed is None else {**part, "delayed": asked.delayed.value[rows]}


def _whole_window(time: np.ndarray, window: int) -> np.ndarray:
    """Whether a window's rows follow each other without a market gap, after which trading begins it anew."""
    gaps = np.concatenate(([0], np.cumsum(np.diff(time) > MARKET_GAP)))
    whole = np.zeros(len(time), dtype=bool)
    whole[window - 1 :] = gaps[window - 1 :] == gaps[: len(time) - window + 1]
    return whole


def _asked_of_minutes(folder: FeatureFolder, table: Table, head: Head) -> _Asked:
    time = table.time
    bars = {name: table.column(name) for name in ("high", "low", "close")}
    if head.median is not None:
        median = table.column(head.median).astype(np.float64)
        ahead = labels.future_range(time, bars["high"], bars["low"], head.horizon)
        behind = labels.past_range(time, bars["high"], bars["low"], head.horizon)
        event = labels.wider(ahead, median, time, head.horizon)
        with np.errstate(divide="ignore", invalid="ignore"):
            return _Asked(time, event, event, None, behind / median)
    event = labels.up(time, bars["close"], head.horizon)
    target = event
    if head.label == "triple-barrier":
        deviation = table.column("volatility_100").astype(np.float64)
        target = labels.triple_barrier({"time": time, **bars}, deviation, head.horizon, head.barriers)
    if folder.bid_only:
        resting = labels.in_rollover(time, head.horizon)
        event, target = (Labels(np.where(resting, np.nan, each.value), each.end) for each in (event, target))
    before = np.maximum(np.searchsorted(time, time - head.horizon, side="right") - 1, 0)
    return _Asked(time, target, event, None, bars["close"] - bars["close"][before])


def _asked_of_ticks(table: Table, head: Head) -> _Asked:
    """Of each tick, what follows the end of its slot: moments on a grid are not chosen by what quotes do
    next."""
    time = table.time
    mid = (table.column("bid") + table.column("ask")) / 2
    moment = (time // head.every + 1) * head.every
    event = labels.up_ticks(time, mid, head.horizon, moment)
    delayed = labels.up_ticks(time, mid, head.horizon, moment + head.delay) if head.delay > 0 else None
    before = np.maximum(np.searchsorted(time, moment - head.horizon, side="right") - 1, 0)
    end = moment + head.delay + head.horizon
    known = Labels(event.value, end)
    return _Asked(moment, known, known, delayed, mid - mid[before])


def _regime(folder: FeatureFolder, table: Table, rows: np.ndarray) -> np.ndarray:
    """A rule of two features, to see where a model is good; the regimes of trading are finer."""
    if not {"volatility_ratio", "adx_14"} <= set(folder.features):
        return np.full(len(rows), "any")
    agitated = table.column("volatility_ratio")[rows] > AGITATED_RATIO
    trending = table.column("adx_14")[rows] > TRENDING_ADX
    return np.where(agitated, "agitated", np.where(trending, "trending", "calm"))
