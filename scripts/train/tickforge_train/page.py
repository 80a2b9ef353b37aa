"""A model's card as one page for people: no script, no other file."""

from html import escape

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733;
background:#fff}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.2rem .7rem;border-bottom:1px solid #dfe5ec}
th:first-child,td:first-child{text-align:left}
.bar{display:inline-block;height:.6rem;background:#2f7dd1}
svg{background:#f7f9fb}p.small{color:#5b6b7c;font-size:.85rem}
@media(prefers-color-scheme:dark){body{color:#d7dfe8;background:#12181f}
svg{background:#1b242e}th,td{border-color:#2b3744}}
"""
FIGURES = ("rows", "baseRate", "auc", "logLoss", "brierSkill", "ece", "accuracy")
HEADINGS = ("rows", "share of events", "AUC", "log loss", "Brier skill", "ECE", "accuracy")
SIDE = 300
SHOWN_FEATURES = 20


def page_of(card: dict[str, object]) -> str:
    details = card["details"]
    holdout, calibration = details["holdout"], details["calibration"]
    spans = "".join(
        f"<li>{name}: {low:.4f} to {high:.4f}</li>" for name, (low, high) in holdout["intervals95"].items()
    )
    splits = [
        [
            split["name"],
            str(split["trainRows"]),
            split["testFrom"],
            split["testUntil"],
            str(split["testRows"]),
        ]
        for split in details["splits"]
    ]
    parts = [
        f"<h1>{escape(card['model'])} {escape(card['version'])}</h1>",
        f"<p>{escape(details['intendedUse'])}</p>",
        _list(details["limits"]),
        _facts(card),
        "<h2>Never seen: the holdout</h2>",
        _figures({"all": holdout}),
        f"<p>95 % intervals, whole days drawn again:</p><ul>{spans}</ul>",
        _naive(holdout["naive"]),
        _delayed(holdout.get("delayed")),
        "<h2>Calibration</h2>",
        f"<p>{escape(calibration['method'])}, of {_pairs(calibration['calibrationErrors'])} "
        f"(calibration error on {escape(calibration['judgedOn'])}, bins of equal mass)</p>",
        _curve(holdout["calibrationCurve"]),
        "<h2>Accuracy by confidence</h2>",
        _table(
            ["decile", "confidence", "accuracy"],
            [
                [str(at + 1), f"{row['confidence']:.3f}", f"{row['accuracy']:.3f}"]
                for at, row in enumerate(holdout["coverage"])
            ],
        ),
        "<h2>Walk-forward folds</h2>",
        _figures({fold["name"]: fold for fold in details["folds"]}),
        _table(["split", "learned rows", "judged from", "until", "judged rows"], splits),
        *(
            f"<h2>By {name}</h2>{_figures(holdout[key])}"
            for name, key in (("symbol", "bySymbol"), ("hour (UTC)", "byHour"), ("regime", "byRegime"))
        ),
        f"<h2>Importance: {escape(details['importance']['measure'])}</h2>",
        _importance(details["importance"]["features"]),
        "<h2>Data</h2>",
        _table(
            ["symbol", "rows", "from", "until", "SHA-256"],
            [
                [str(file.get(key, "")) for key in ("symbol", "rows", "from", "until", "sha256")]
                for file in details["data"]["files"]
            ],
        ),
        f"<p class=small>{escape(_pairs(details['libraries']))}; seed {details['seed']}</p>",
    ]
    title = f"{escape(card['model'])} {escape(card['version'])}"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _facts(card: dict[str, object]) -> str:
    details = card["details"]
    symbols = ", ".join(card["symbols"]) if card["symbols"] else "any symbol"
    facts = [
        ["event", f"{card['event']} after {card['horizonMicros'] / 1e6:g} s"],
        ["for", symbols],
        ["learner", f"{details['learner']}: {_pairs(details['settings'])}"],
        ["learned label", _pairs(details["label"])],
        [
            "reads",
            f"{len(card['features'])} features x {card['window']} rows, schema {card['featureSchema']}",
        ],
        ["learned until", details["shippedLearnedUntil"]],
        ["trained", card["trainedAt"]],
    ]
    return _table(["", ""], facts)


def _figures(groups: dict[str, dict[str, float]]) -> str:
    rows = [[name, *(_number(figures.get(key)) for key in FIGURES)] for name, figures in groups.items()]
    return _table(["", *HEADINGS], rows)


def _naive(naive: dict[str, float]) -> str:
    return f"<p>Who knows nothing: {escape(_pairs(naive))}</p>"


def _delayed(figures: dict[str, float] | None) -> str:
    if figures is None:
        return ""
    return f"<p>Entered later:</p>{_figures({'delayed': figures})}"


def _importance(features: dict[str, float]) -> str:
    shown = list(features.items())[:SHOWN_FEATURES]
    most = max((value for _, value in shown), default=0) or 1
    rows = "".join(
        f"<tr><td>{escape(name)}<td>{value:.4f}<td style='text-align:left'>"
        f"<span class=bar style='width:{max(value, 0) / most * 15:.2f}rem'></span>"
        for name, value in shown
    )
    return f"<table>{rows}</table>"


def _curve(points: list[dict[str, float]]) -> str:
    """What was said against what came; on the line they agree."""
    edges = [value for point in points for value in (point["said"], point["came"])]
    low, high = min(edges) - 0.01, max(edges) + 0.01

    def at(value: float) -> float:
        return (value - low) / (high - low) * SIDE

    dots = "".join(
        f"<circle cx='{at(point['said']):.1f}' cy='{SIDE - at(point['came']):.1f}' r=4 fill='#2f7dd1'>"
        f"<title>said {point['said']:.3f}, came {point['came']:.3f}, {point['rows']} rows</title></circle>"
        for point in points
    )
    return (
        f"<svg width={SIDE} height={SIDE} role=img aria-label='said against came'>"
        f"<line x1=0 y1={SIDE} x2={SIDE} y2=0 stroke='#8a99a8'/>{dots}</svg>"
        f"<p class=small>from {low:.3f} to {high:.3f} on both axes: said to the right, came upwards</p>"
    )


def _list(items: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _table(headings: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(heading)}" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) for row in rows)
    return f"<table><tr>{head}{body}</table>"


def _pairs(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {_number(value)}" for name, value in values.items())


def _number(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
