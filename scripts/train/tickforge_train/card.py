"""Model cards (Mitchell et al. 2019), as storage/models/card.ts reads them."""

import platform
from importlib.metadata import PackageNotFoundError, version

from .data import FeatureFolder, described
from .train import Trained

LIBRARIES = ("numpy", "scikit-learn", "lightgbm", "xgboost-cpu", "torch", "onnx", "onnxmltools", "pyarrow")

LIMITS = {
    "up": [
        "Its moves are smaller than the spread on average: it is for timing, abstaining and sizing.",
        "A source that quotes in another way can turn it wrong while it stays confident: watch it live.",
    ],
    "lively": ["It says how far the price will range, not where to."],
    "slot-lively": ["It says how far the price will range for this time of day, not where to."],
}
BID_ONLY = "Learned from bid-only bars with a modelled spread; directions leave 20:30-23:00 UTC out."
INTENDED = {
    "up": "A vote on the direction of the mid over the horizon, beside other members of the ensemble.",
    "lively": "Position sizes, stops and the regime: whether the range ahead is wider than usual.",
    "slot-lively": "Position sizes, stops and the regime: whether the range ahead is wide for the hour.",
}


def card_of(trained: Trained, folder: FeatureFolder, trained_at: str) -> dict[str, object]:
    head, dataset, exported = trained.head, trained.dataset, trained.exported
    limits = LIMITS[head.event] + ([BID_ONLY] if folder.bid_only else [])
    return {
        "model": head.model,
        "version": trained.version,
        "trainedAt": trained_at,
        "member": head.member,
        "event": head.event,
        "symbols": list(head.symbols) if head.symbols else None,
        "featureSchema": folder.schema,
        "features": dataset.columns,
        "window": head.window,
        "inputs": exported.inputs,
        "outputs": exported.outputs,
        "cadence": head.cadence,
        "horizonMicros": head.horizon,
        "deadlineMicros": head.deadline,
        "voteLifeMicros": head.vote_life,
        "acceptsMissing": True,
        "expiresAfterMicros": head.expires_after,
        "details": {
            "intendedUse": INTENDED[head.event],
            "limits": limits,
            "learner": head.learner,
            "settings": head.settings,
            "seed": head.seed,
            "label": _label(trained),
            "data": {
                "from": folder.made_from,
                "files": [described(folder.table(symbol)) for symbol in dataset.symbols],
                "rows": len(dataset.time),
                "everyMicros": head.every,
            },
            **trained.details,
            "libraries": _libraries(),
        },
    }


def _label(trained: Trained) -> dict[str, object]:
    head = trained.head
    if head.label == "event":
        return {"learned": head.event, "judged": head.event}
    barriers = {"width": head.barriers.width, "costBp": head.barriers.cost_bp}
    return {"learned": head.label, "barriers": barriers, "judged": head.event}


def _libraries() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
