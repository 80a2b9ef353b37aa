"""`python -m tickforge_train`: features in, models with their cards out."""

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from . import ensemble, forecasts
from .card import card_of
from .clock import micros_of
from .data import DataError, FeatureFolder
from .dataset import build
from .export import ExportError
from .heads import GROUPS, HEADS, Head, chosen, quick
from .page import page_of
from .train import Options, Trained, TrainingError, train

QUICK = Options(bootstraps=50, shuffled=500)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tickforge_train", description=__doc__)
    parser.add_argument("--minutes", type=Path, help="features of minute bars, from `tickforge features`")
    parser.add_argument("--ticks", type=Path, help="features of ticks, for the fast heads")
    parser.add_argument("--out", type=Path, required=True, help="where models and cards go")
    parser.add_argument(
        "--heads", nargs="+", default=["direction", "ranges"], help=f"of {', '.join([*GROUPS, *HEADS])}"
    )
    parser.add_argument("--quick", action="store_true", help="tiny versions, to see that everything works")
    parser.add_argument(
        "--label", choices=["event", "triple-barrier"], help="what directions are learned from"
    )
    parser.add_argument("--holdout", help="a date: what comes after is judged once and not learned from")
    parser.add_argument("--folds", type=int, help="of the walk before the holdout")
    parser.add_argument(
        "--with-holdout",
        action="store_true",
        help="what ships learns from the holdout too, once judged on it",
    )
    parser.add_argument("--trained-at", help="ISO time for the cards instead of now")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    try:
        heads = [adjusted(head, given) for head in chosen(given.heads)]
    except KeyError as error:
        print(f"there is no head {error}: there are {', '.join([*GROUPS, *HEADS])}", file=sys.stderr)
        return 2
    trained_at = given.trained_at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    options = replace(QUICK if given.quick else Options(), with_holdout=given.with_holdout)
    done: list[Trained] = []
    failed = []
    for at, head in enumerate(heads):
        print(
            f"[{at + 1}/{len(heads)}] {head.model}: {head.event} after {head.horizon / 1e6:g} s", flush=True
        )
        started = time.monotonic()
        try:
            done.append(make(head, given, options, trained_at))
        except (DataError, TrainingError, ExportError) as error:
            failed.append(head.model)
            print(f"  not trained: {error}", file=sys.stderr, flush=True)
            continue
        print(f"  {done[-1].version} in {time.monotonic() - started:.0f} s", flush=True)
    # For whoever registers them.
    given.out.mkdir(parents=True, exist_ok=True)
    trained = "".join(f"{each.head.model} {each.version}\n" for each in done)
    (given.out / "trained.txt").write_text(trained, encoding="utf-8")
    for line in ensemble.report(given.out):
        print(line, flush=True)
    if failed:
        print(f"not trained: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def adjusted(head: Head, given: argparse.Namespace) -> Head:
    if given.quick:
        head = quick(head)
    walk = head.walk
    if given.holdout and not head.on_ticks:
        walk = replace(walk, holdout_from=micros_of(given.holdout))
    if given.folds:
        walk = replace(walk, folds=given.folds)
    label = given.label if given.label and head.event == "up" and not head.on_ticks else head.label
    return replace(head, walk=walk, label=label)


def make(head: Head, given: argparse.Namespace, options: Options, trained_at: str) -> Trained:
    """Trains a head and writes <out>/<model>/model.onnx, card.json and card.html, and its forecasts."""
    path = given.ticks if head.on_ticks else given.minutes
    if path is None:
        kind = "--ticks" if head.on_ticks else "--minutes"
        raise DataError(f"{head.model} learns from features that {kind} names: give that folder")
    folder = FeatureFolder(path)
    dataset = build(folder, head)
    print(
        f"  {len(dataset.time)} rows of {', '.join(dataset.symbols)}, {len(dataset.columns)} features x "
        f"{head.window} rows",
        flush=True,
    )
    trained = train(head, dataset, folder.schema, options, lambda line: print(line, flush=True))
    card = card_of(trained, folder, trained_at)
    into = given.out / head.model
    into.mkdir(parents=True, exist_ok=True)
    (into / "model.onnx").write_bytes(trained.exported.content)
    (into / "card.json").write_text(json.dumps(card, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (into / "card.html").write_text(page_of(card), encoding="utf-8")
    # A head of some symbols has nobody to be weighed against.
    if head.symbols is None:
        forecasts.save(trained, folder.schema, into)
    return trained


if __name__ == "__main__":
    sys.exit(main())
