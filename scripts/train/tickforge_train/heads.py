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
    ]
)

# What the networks see of each minute: moves, their size, where they stand, and the hour.
WINDOW_FEATURES = (
    "log_return_1m",
    "log_return_5m",
    "log_return_15m",
    "log_return_1h",
    "volatility_5",
    "volatility_20",
    "volatility_100",
    "volatility_ratio",
    "rsi_14",
    "macd_histogram",
    "bollinger_percent_b",
    "atr_14",
    "adx_14",
    "stochastic_k",
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

# What the fast head sees of each tick: the newest moves, and how quotes come.
FAST_FEATURES = (
    "returns",
    "log_return_10s",
    "log_return_1m",
    "log_return_5m",
    "volatility_tick",
    "volatility_ewma",
    "spread",
    "spread_percentile",
    "tick_rate",
    "tick_imbalance",
    "signed_flow",
    "quote_age",
    "rsi_14",
    "bollinger_percent_b",
    "ema_9_distance",
    "donchian_position",
    "dollar_index_return",
    "time_of_day_sin",
    "time_of_day_cos",
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
    # None: every feature but those that rest on ticks.
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
        return [name for name in available if name not in TICK_FEATURES]


def _directions() -> list[Head]:
    trees = {"lightgbm": LIGHTGBM, "xgboost": XGBOOST}
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
                cadence="tick" if learner in trees else "bar-close",
                settings=trees.get(learner, NET),
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
