"""A made-up market: minute rows with gaps, as files that `tickforge features` would write. Its features
foretell a little."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from tickforge_train.clock import DAY, MINUTE
from tickforge_train.heads import DIRECTION_FEATURES, WINDOW_FEATURES
from tickforge_train.labels import past_range

# Monday 2018-01-01.
START = 1_514_764_800_000_000
MADE = (
    "log_return_1m",
    "log_return_5m",
    "volatility_20",
    "volatility_100",
    "volatility_ratio",
    "adx_14",
    "spread",
    "range_15m_median",
)
# What heads ask for besides is noise here.
FEATURES = tuple(dict.fromkeys((*MADE, *DIRECTION_FEATURES, *WINDOW_FEATURES)))
PRICES = ("open", "high", "low", "close", "ticks", "spread_mean")


def bars(seed: int, minutes: int, missing: float = 0.05) -> dict[str, np.ndarray]:
    """Steps with a little momentum and with days that are busier than nights."""
    random = np.random.default_rng(seed)
    at = np.arange(minutes)
    busy = 1 + 0.8 * np.sin(at / 1_440 * 2 * np.pi) + 0.5 * np.sin(at / 97)
    step = random.normal(size=minutes) * 1e-4 * np.maximum(busy, 0.2)
    for lag in range(1, minutes):
        step[lag] += 0.15 * step[lag - 1]
    close = np.round(1.2 * np.exp(np.cumsum(step)), 5)
    opened = np.concatenate(([1.2], close[:-1]))
    reach = np.round(np.abs(random.normal(size=(2, minutes))) * 3e-5, 5)
    rows = {
        "time": START + (at + 1) * MINUTE,
        "open": opened,
        "high": np.maximum(opened, close) + reach[0],
        "low": np.minimum(opened, close) - reach[1],
        "close": close,
    }
    kept = random.random(minutes) >= missing
    return {name: column[kept] for name, column in rows.items()}


def columns_of(rows: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    close = rows["close"]
    count = len(close)
    move = np.diff(np.log(close), prepend=np.log(close[0])) * 1e4
    padded = np.concatenate((np.full(100, np.nan), move))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 100)[1:]
    slow, quick = windows.std(axis=1), windows[:, -20:].std(axis=1)
    ranges = past_range(rows["time"], rows["high"], rows["low"], 15 * MINUTE)
    noise = np.random.default_rng(seed + 1)
    features = {
        **{name: noise.normal(size=count) for name in FEATURES},
        "log_return_1m": move,
        "log_return_5m": windows[:, -5:].sum(axis=1),
        "volatility_20": quick,
        "volatility_100": slow,
        "volatility_ratio": quick / slow,
        "adx_14": np.random.default_rng(seed).uniform(0, 50, count),
        "spread": np.full(count, 12.0),
        "range_15m_median": np.where(np.arange(count) < DAY // MINUTE, np.nan, np.nanmedian(ranges)),
    }
    return {name: column.astype(np.float32) for name, column in features.items()}


def write(folder: Path, symbols: dict[str, int], minutes: int, schema: str = "0123456789abcdef") -> Path:
    """@param symbols with their seeds"""
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for symbol, seed in symbols.items():
        rows = bars(seed, minutes)
        count = counts[symbol] = len(rows["time"])
        columns = {
            "time": pa.array(rows["time"], pa.timestamp("us", "UTC")),
            **{name: rows[name] for name in PRICES[:4]},
            "ticks": np.full(count, 4.0),
            "spread_mean": np.full(count, 1e-4),
            **columns_of(rows, seed),
        }
        table = pa.table(columns).replace_schema_metadata({"schema": schema, "symbol": symbol})
        with pa.ipc.new_file(str(folder / f"{symbol}.arrow"), table.schema) as file:
            file.write_table(table, max_chunksize=4_096)
    manifest = {
        "schema": schema,
        "cadence": "minute",
        "from": "four quotes a minute bar, with a modelled spread",
        "features": FEATURES,
        "prices": PRICES,
        "ticks": 0,
        "rows": counts,
    }
    (folder / "features.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
