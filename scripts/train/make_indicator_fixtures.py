"""Writes test/fixtures/indicators/talib.json: a seeded OHLC series and what TA-Lib says about it.

TA-Lib is the oracle the indicators in actors/chain/features are tested against. It is needed only to make the file
again, in any environment with `pip install TA-Lib==0.8.2 numpy` (the wheel brings the C library with it):

    python scripts/train/make_indicator_fixtures.py && npx oxfmt test/fixtures/indicators
"""

import json
from pathlib import Path

import numpy
import talib

BARS = 1_000
# Values are kept for every STRIDE-th bar and for the first bar that has one: enough to tell formulas apart.
STRIDE = 7
TARGET = Path(__file__).parents[2] / "test" / "fixtures" / "indicators" / "talib.json"


class Generator:
    """Numerical Recipes' linear congruential generator: the same series wherever this runs."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, bound: int) -> int:
        self.state = (1_664_525 * self.state + 1_013_904_223) % 2**32
        return (self.state >> 8) * bound >> 24


def make_series(seed: int) -> dict[str, list[float]]:
    """A walk in half points with quiet stretches, flat bars and jumps."""
    generator = Generator(seed)
    series: dict[str, list[float]] = {"open": [], "high": [], "low": [], "close": []}
    price = 2_400.0
    for bar in range(BARS):
        reach = 2 if bar % 250 < 40 else 12
        opened = price
        high = low = price
        for _ in range(8):
            price += (generator.below(2 * reach + 1) - reach) / 2
            high, low = max(high, price), min(low, price)
        if bar % 97 == 96:
            price += generator.below(161) - 80
            high, low = max(high, price), min(low, price)
        if bar % 61 == 60:
            price = high = low = opened
        for name, value in zip(series, (opened, high, low, price)):
            series[name].append(value)
    return series


def indicators(series: dict[str, list[float]]) -> dict[str, numpy.ndarray]:
    high, low, close = (numpy.array(series[name]) for name in ("high", "low", "close"))
    line, signal, histogram = talib.MACD(close, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    slow_k, slow_d = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
    return {
        "rsi_14": talib.RSI(close, 14),
        "macd_line": line,
        "macd_signal": signal,
        "macd_histogram": histogram,
        "bollinger_upper": upper,
        "bollinger_middle": middle,
        "bollinger_lower": lower,
        "atr_14": talib.ATR(high, low, close, 14),
        "adx_14": talib.ADX(high, low, close, 14),
        "plus_di_14": talib.PLUS_DI(high, low, close, 14),
        "minus_di_14": talib.MINUS_DI(high, low, close, 14),
        "stochastic_k": slow_k,
        "stochastic_d": slow_d,
        "cci_20": talib.CCI(high, low, close, 20),
        "sma_20": talib.SMA(close, 20),
        "sma_100": talib.SMA(close, 100),
        "ema_9": talib.EMA(close, 9),
        "ema_21": talib.EMA(close, 21),
        "ema_50": talib.EMA(close, 50),
        "ema_200": talib.EMA(close, 200),
    }


def sampled(values: numpy.ndarray) -> dict[str, object]:
    first = int(numpy.argmax(~numpy.isnan(values)))
    bars = sorted({first, *range(-(-first // STRIDE) * STRIDE, BARS, STRIDE)})
    return {"first": first, "values": {str(bar): float(values[bar]) for bar in bars}}


def main() -> None:
    series = make_series(seed=20_260_401)
    fixture = {
        "madeBy": f"TA-Lib {talib.__version__} (library {talib.__ta_version__.decode().split()[0]})",
        "series": series,
        "indicators": {name: sampled(values) for name, values in indicators(series).items()},
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(fixture, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
