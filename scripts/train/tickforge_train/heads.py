"""The table of what is trained: which model foretells which event, from which columns, with which learner.

To train something else, add a row here; nothing else has to know of it.
"""

from dataclasses import dataclass, field, replace

from .clock import DAY, MINUTE, SECOND
from .labels import Barriers
from .splits import Walk

# Worth nothing where a bar was made into four quotes with a modelled spread.
TICK_FEATURES = frozenset(
    [
        "returns",
        "log_return_10s",
        "volatility_tick",
        "spread",
        "spread_pct",
        "spread_percentile",
        "tick_rate",
        "volume_rate",
        "tick_imbalance",
        "signed_flow",
        "quote_age",
        "wave_function",
        "wave_momentum",
        "wave_dispersion",
    ]
)

# What directions are learned from: moves, where the price stands, and what gives them their meaning. Levels
# that drift over months, as ranges and medians do, only name the season to a learner of directions.
DIRECTION_FEATURES = (
    *(f"log_return_{span}" for span in ("1m", "5m", "15m", "1h")),
    *(f"move_{span}" for span in ("1m", "5m", "15m", "60m", "240m")),
    "macd_line",
    "macd_signal",
    "macd_histogram",
    "cci_20",
    "rsi_14",
    "stochastic_k",
    "stochastic_d",
    "bollinger_percent_b",
    *(f"{average}_distance" for average in ("sma_20", "sma_100", "ema_9", "ema_21", "ema_50", "ema_200")),
    "vwap_deviation",
    "day_range_position",
    "donchian_position",
    "plus_di_14",
    "minus_di_14",
    "adx_14",
    "atr_14",
    "bollinger_width",
    "volatility_5",
    "volatility_20",
    "volatility_100",
    "volatility_ratio",
    "dollar_index_return",
    "dollar_correlation",
    "peer_correlation",
    "hurst",
    "entropy",
    "chaos_index",
    "predictability",
    "range_15m_ratio",
    "range_60m_ratio",
    "range_15m_surprise",
    "surprise_mean",
    "slot_range_15m_ratio",
    "time_of_day_sin",
    "time_of_day_cos",
    "minute_of_hour",
    "new_york_minute",
)

# What the networks see of each minute: moves, their size, where they stand, and the hour.
WINDOW_FEATURES = (
    "move_1m",
    "move_5m",
    "move_15m",
    "move_60m",
    "volatility_ratio",
    "range_5m_ratio",
    "range_15m_ratio",
    "slot_range_15m_ratio",
    "range_15m_surprise",
    "rsi_14",
    "macd_histogram",
    "bollinger_percent_b",
    "stochastic_k",
    "adx_14",
    "sma_20_distance",
    "ema_50_distance",
    "ema_200_distance",
    "day_range_position",
    "donchian_position",
    "dollar_index_return",
    "dollar_correlation",
    "time_of_day_sin",
    "time_of_day_cos",
)

# The two sides of the quote apart: what the fast head lives on, and nothing that minutes made into quotes
# can have.
SIDE_FEATURES = (
    *(f"{side}_change_{nth}" for side in ("bid", "ask") for nth in (1, 2, 3)),
    *(f"{side}_change_{nth}_age" for side in ("bid", "ask") for nth in (1, 2, 3)),
    *(
        f"{side}_ema_{span}_distance"
        for side in ("bid", "ask")
        for span in ("300ms", "1s", "3s", "10s", "30s")
    ),
    "spread_ema_1s_distance",
    "spread_ema_30s_distance",
    "tick_rate_1s",
    "tick_rate_3s",
    "tick_rate_10s",
    "same_sign_share",
)

# What the fast head sees of each tick. Levels that outlast the hour would only name the day.
FAST_FEATURES = (
    *SIDE_FEATURES,
    "returns",
    "log_return_10s",
    "log_return_1m",
    "volatility_tick",
    "spread_pct",
    "spread_percentile",
    "tick_rate",
    "tick_imbalance",
    "signed_flow",
    "quote_age",
)

Settings = dict[str, float | int]

LIGHTGBM: Settings = {
    "rounds": 300,
    "learning_rate": 0.03,
    "num_leaves": 31,
    "min_data_in_leaf": 500,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "max_bin": 127,
}
XGBOOST: Settings = {
    "rounds": 300,
    "eta": 0.03,
    "max_depth": 5,
    "min_child_weight": 200.0,
    "colsample_bytree": 0.5,
    "subsample": 0.7,
    "lambda": 10.0,
    "max_bin": 128,
}
# Directions are nearly noise: little trees, and many rows behind each of their leaves.
DIRECTION_LIGHTGBM: Settings = {
    **LIGHTGBM,
    "rounds": 200,
    "num_leaves": 8,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.6,
    "lambda_l2": 30.0,
}
DIRECTION_XGBOOST: Settings = {
    **XGBOOST,
    "rounds": 200,
    "max_depth": 3,
    "colsample_bytree": 0.4,
    "subsample": 0.6,
    "lambda": 30.0,
}
NET: Settings = {"width": 32, "embedding": 16, "epochs": 4, "batch": 1_024, "rate": 2e-3, "decay": 1e-2}


@dataclass(frozen=True)
class Head:
    """One model to train."""

    model: str
    member: str
    # Of actors/ports/models.ts: up, lively or slot-lively.
    event: str
    # lightgbm, xgboost, lstm, transformer or cnn.
    learner: str
    horizon: int
    cadence: str
    settings: Settings
    # What is learned: the event itself, or the triple barrier; what is judged is the event.
    label: str = "event"
    # None: every feature but those that rest on ticks; so for ranges.
    features: tuple[str, ...] | None = None
    # None: every symbol of the data, pooled, for any.
    symbols: tuple[str, ...] | None = None
    window: int = 1
    # A row is taken each time this much time has begun.
    every: int = 5 * MINUTE
    walk: Walk = field(default_factory=lambda: Walk(embargo=DAY))
    barriers: Barriers = field(default_factory=Barriers)
    # Between the tick that is seen and the quote that is traded, in what is judged besides.
    delay: int = 0
    deadline: int = 20 * SECOND // 1_000
    vote_life: int = 2 * MINUTE
    expires_after: int = 365 * DAY
    seed: int = 20_180_101

    @property
    def on_ticks(self) -> bool:
        return self.member == "fast"

    @property
    def median(self) -> str | None:
        """The column that the range ahead is compared with."""
        if self.event == "up":
            return None
        slot = "slot_" if self.event == "slot-lively" else ""
        return f"{slot}range_{self.horizon // MINUTE}m_median"

    def columns(self, available: list[str]) -> list[str]:
        if self.features is not None:
            return list(self.features)
        return [name for name in available if name not in TICK_FEATURES and name not in SIDE_FEATURES]


def _directions() -> list[Head]:
    trees = {"lightgbm": DIRECTION_LIGHTGBM, "xgboost": DIRECTION_XGBOOST}
    heads = []
    for minutes in (15, 5, 60):
        suffix = "" if minutes == 15 else f"-{minutes}m"
        for learner in ("lightgbm", "xgboost", "lstm", "transformer", "cnn"):
            head = Head(
                model=f"{learner}{suffix}",
                member=learner,
                event="up",
                learner=learner,
                horizon=minutes * MINUTE,
                cadence="bar-close",
                settings=trees.get(learner, NET),
                features=DIRECTION_FEATURES,
                vote_life=minutes * MINUTE // 3,
            )
            if learner not in trees:
                head = replace(head, features=WINDOW_FEATURES, window=32, every=15 * MINUTE)
            heads.append(head)
    return heads


def _ranges() -> list[Head]:
    return [
        Head(
            model=f"{prefix}range-{minutes}m",
            member=f"{prefix}range-{minutes}m",
            event=event,
            learner="lightgbm",
            horizon=minutes * MINUTE,
            cadence="bar-close",
            settings=LIGHTGBM,
        )
        for prefix, event in (("", "lively"), ("slot-", "slot-lively"))
        for minutes in (15, 60)
    ]


def _fast(symbols: tuple[str, ...]) -> list[Head]:
    return [
        Head(
            model=f"fast-{symbol.lower()}",
            member="fast",
            event="up",
            learner="lightgbm",
            horizon=5 * SECOND,
            cadence="tick",
            settings={**LIGHTGBM, "rounds": 200, "num_leaves": 15},
            features=FAST_FEATURES,
            symbols=(symbol,),
            every=SECOND,
            walk=Walk(embargo=MINUTE, holdout_share=0.25),
            delay=SECOND,
            deadline=2 * SECOND // 1_000,
            vote_life=5 * SECOND,
        )
        for symbol in symbols
    ]


HEADS: dict[str, Head] = {
    head.model: head for head in [*_directions(), *_ranges(), *_fast(("EURUSD", "NZDUSD", "XAUUSD"))]
}

# Names for several at once, for the command line.
GROUPS: dict[str, tuple[str, ...]] = {
    "direction": ("lightgbm", "xgboost", "lstm", "transformer", "cnn"),
    "direction-5m": ("lightgbm-5m", "xgboost-5m", "lstm-5m", "transformer-5m", "cnn-5m"),
    "direction-60m": ("lightgbm-60m", "xgboost-60m", "lstm-60m", "transformer-60m", "cnn-60m"),
    "ranges": ("range-15m", "range-60m", "slot-range-15m", "slot-range-60m"),
    "fast": tuple(name for name, head in HEADS.items() if head.on_ticks),
}

QUICK_TREES = {"rounds": 20, "min_data_in_leaf": 100}
QUICK_XGBOOST = {"rounds": 20, "min_child_weight": 50.0}
QUICK_NET = {"width": 16, "embedding": 8, "epochs": 1, "batch": 512}


def quick(head: Head) -> Head:
    """A tiny version of a head: the same path through everything, in seconds."""
    smaller = {"lightgbm": QUICK_TREES, "xgboost": QUICK_XGBOOST}.get(head.learner, QUICK_NET)
    every = SECOND * 5 if head.on_ticks else 15 * MINUTE
    return replace(
        head,
        settings={**head.settings, **smaller},
        every=every,
        window=min(head.window, 16),
        walk=replace(head.walk, folds=2),
    )


def chosen(names: list[str]) -> list[Head]:
    """Heads by name or by group, in the order they are named. Raises KeyError with a name that is neither."""
    models = [model for name in names for model in GROUPS.get(name, (name,))]
    return [HEADS[model] for model in dict.fromkeys(models)]
