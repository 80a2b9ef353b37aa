"""Everything together on a made-up market: files in, models and cards out, twice the same; what is wrong is
named."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from market import FEATURES, write
from tickforge_train import __main__ as command
from tickforge_train import ensemble, forecasts
from tickforge_train.data import DataError, FeatureFolder
from tickforge_train.dataset import build
from tickforge_train.heads import GROUPS, HEADS, TICK_FEATURES, chosen, quick
from tickforge_train.labels import in_rollover

SYMBOLS = {"EURUSD": 1, "USDJPY": 2}
MINUTES = 12 * 1_440


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("features"), SYMBOLS, MINUTES)


def run(monkeypatch: pytest.MonkeyPatch, *given: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tickforge_train", *given])
    return command.main()


def test_trains_twice_the_same(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        given = [
            "--minutes",
            str(folder),
            "--out",
            str(tmp_path / name),
            "--quick",
            "--trained-at",
            "2026-01-01T00:00:00Z",
        ]
        assert run(monkeypatch, *given, "--heads", "lightgbm", "xgboost", "range-15m") == 0
    written = sorted(
        path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file()
    )
    assert len(written) == 3 * 4 + 2
    for path in written:
        assert (tmp_path / "first" / path).read_bytes() == (tmp_path / "second" / path).read_bytes(), path
    card = json.loads((tmp_path / "first" / "range-15m" / "card.json").read_text())
    assert card["event"] == "lively" and card["member"] == "range-15m" and card["symbols"] is None
    assert card["features"] == [name for name in FEATURES if name not in TICK_FEATURES]
    assert card["inputs"] == [{"name": "features", "shape": [None, len(card["features"])]}]
    details = card["details"]
    assert details["holdout"]["auc"] > 0.6
    assert {file["symbol"] for file in details["data"]["files"]} == set(SYMBOLS)
    assert details["holdout"]["naive"].keys() == {"pastRangeAuc"}
    page = (tmp_path / "first" / "range-15m" / "card.html").read_text()
    assert "<svg" in page and "http" not in page
    stack = json.loads((tmp_path / "first" / "stack.json").read_text())
    assert sum(stack["up after 15 minutes"]["voteWeights"].values()) == pytest.approx(1)
    reliability = stack["up after 15 minutes"]["reliability"]
    assert sum(each["rows"] for each in reliability.values()) == stack["up after 15 minutes"]["rows"]
    assert all(each["low"] <= each["slope"] <= each["high"] for each in reliability.values())
    assert (
        (tmp_path / "first" / "trained.txt").read_text().startswith(f"lightgbm {details_version(tmp_path)}")
    )


def test_members_of_different_runs_are_weighed_together(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["--minutes", str(folder), "--quick", "--trained-at", "2026-01-01T00:00:00Z"]
    assert run(monkeypatch, *given, "--out", str(tmp_path / "one"), "--heads", "lightgbm", "xgboost") == 0
    for head in ("lightgbm", "xgboost"):
        assert run(monkeypatch, *given, "--out", str(tmp_path / "two"), "--heads", head) == 0
    one, two = (tmp_path / name / "stack.json" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    # Those that learned from other features are not.
    changed = forecasts.load(tmp_path / "two" / "xgboost" / forecasts.FILE)
    monkeypatch.setattr(forecasts, "load", lambda path: replace(changed, schema=path.parent.name))
    assert [line.split(":")[0] for line in ensemble.report(tmp_path / "two")] == [
        "not together, up after 15 minutes"
    ]


def details_version(folder: Path) -> str:
    return json.loads((folder / "first" / "lightgbm" / "card.json").read_text())["version"]


def test_triple_barrier_is_judged_on_the_event(folder: Path) -> None:
    features = FeatureFolder(folder)
    event = build(features, quick(HEADS["lightgbm"]))
    barrier = build(features, command.replace(quick(HEADS["lightgbm"]), label="triple-barrier"))
    assert not in_rollover(event.time, HEADS["lightgbm"].horizon).any()
    keys = {name: each.symbol * 10**17 + each.time for name, each in (("event", event), ("barrier", barrier))}
    _, mine, other = np.intersect1d(keys["event"], keys["barrier"], return_indices=True)
    np.testing.assert_array_equal(event.event[mine], barrier.event[other])
    assert (event.target[mine] != barrier.target[other]).mean() > 0.05
    assert (barrier.end >= event.end.min()).all()


def test_windows_do_not_cross_symbols_or_nights(folder: Path) -> None:
    head = command.replace(quick(HEADS["cnn"]), features=("log_return_1m",))
    dataset = build(FeatureFolder(folder), head)
    assert dataset.inputs.take(np.arange(5)).shape == (5, 16, 1)
    starts = dataset.inputs.row - head.window + 1
    second = int((dataset.symbol == 0).sum())
    rows = len(FeatureFolder(folder).table("EURUSD").time)
    assert starts[:second].min() >= 0
    assert dataset.inputs.row[:second].max() < rows <= starts[second:].min()


def test_missing_columns_are_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "--minutes",
        str(folder),
        "--out",
        str(tmp_path),
        "--quick",
        "--heads",
        "slot-range-60m",
        "fast-eurusd",
    ]
    assert run(monkeypatch, *given) == 1
    told = capsys.readouterr().err
    assert "slot-range-60m needs slot_range_60m_median" in told
    assert "fast-eurusd learns from features that --ticks names" in told
    assert run(monkeypatch, *given[:-1], "fats") == 2
    assert "there is no head 'fats'" in capsys.readouterr().err


def test_damage_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"features\.json is missing: make it with"):
        FeatureFolder(tmp_path)
    for what, change in {
        "is of schema 0123456789abcdef, its manifest of": {"schema": "f" * 16},
        "differ in": {"features": [*FEATURES, "more"]},
        "differ in their order": {"features": FEATURES[::-1]},
        "rows, its manifest says 5": {"rows": {"EURUSD": 5}},
        "GBPUSD.arrow is missing": {"rows": {"GBPUSD": 5}},
    }.items():
        manifest = json.loads((folder / "features.json").read_text()) | change
        (tmp_path / "features.json").write_text(json.dumps(manifest))
        (tmp_path / "EURUSD.arrow").write_bytes((folder / "EURUSD.arrow").read_bytes())
        features = FeatureFolder(tmp_path)
        with pytest.raises(DataError, match=what):
            features.table(features.symbols[0])
    (tmp_path / "features.json").write_bytes((folder / "features.json").read_bytes())
    (tmp_path / "EURUSD.arrow").write_bytes((folder / "EURUSD.arrow").read_bytes()[:5_000])
    with pytest.raises(DataError, match=r"EURUSD\.arrow cannot be read"):
        FeatureFolder(tmp_path).table("EURUSD")


def test_the_table_of_heads() -> None:
    for names in GROUPS.values():
        assert set(names) <= HEADS.keys()
    assert [head.model for head in chosen(["ranges", "range-15m"])] == list(GROUPS["ranges"])
    for head in HEADS.values():
        assert (head.features is not None) or head.window == 1
        assert head.walk.embargo >= head.horizon
