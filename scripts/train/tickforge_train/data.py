"""Reads what `tickforge features` wrote: a folder of Arrow files, one a symbol, and their manifest.

Nothing here computes a feature. What a column means is said in actors/domain/features.ts.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from .clock import iso

MANIFEST = "features.json"


class DataError(Exception):
    """What is wrong with the data, and what to do about it."""


@dataclass(frozen=True)
class Table:
    """The rows of one symbol, oldest first. `time` is when a minute closed, or when a tick came."""

    symbol: str
    path: Path
    arrow: pa.Table

    @cached_property
    def time(self) -> np.ndarray:
        return self.arrow["time"].cast(pa.int64()).to_numpy()

    def column(self, name: str) -> np.ndarray:
        return self.arrow[name].to_numpy()

    def matrix(self, names: list[str]) -> np.ndarray:
        """Rows x names, in the four bytes that models see."""
        matrix = np.empty((self.arrow.num_rows, len(names)), dtype=np.float32)
        for at, name in enumerate(names):
            matrix[:, at] = self.column(name)
        return matrix


class FeatureFolder:
    """A folder that `tickforge features` wrote, checked against its manifest."""

    def __init__(self, folder: Path) -> None:
        path = folder / MANIFEST
        if not path.is_file():
            raise DataError(f"{path} is missing: make it with `tickforge features <data> --out {folder}`")
        manifest = json.loads(path.read_text(encoding="utf-8"))
        missing = {"schema", "cadence", "from", "features", "prices", "rows"} - manifest.keys()
        if missing:
            raise DataError(f"{path} does not say {', '.join(sorted(missing))}: make the features anew")
        self.folder = folder
        self.schema: str = manifest["schema"]
        self.cadence: str = manifest["cadence"]
        self.made_from: str = manifest["from"]
        self.features: list[str] = manifest["features"]
        self.prices: list[str] = manifest["prices"]
        self.rows: dict[str, int] = manifest["rows"]

    @property
    def symbols(self) -> list[str]:
        return sorted(self.rows)

    @property
    def bid_only(self) -> bool:
        """Minute bars carry no ask: their spread is modelled."""
        return "modelled spread" in self.made_from

    def require(self, names: list[str], what_for: str) -> None:
        missing = [name for name in names if name not in self.features]
        if missing:
            raise DataError(
                f"{what_for} needs {', '.join(missing)}, which the features in {self.folder} (schema "
                f"{self.schema}) do not have: make them anew with this version of `tickforge features`"
            )

    def table(self, symbol: str) -> Table:
        """The file is mapped, not read: a column costs memory once it is used."""
        path = self.folder / f"{symbol}.arrow"
        if not path.is_file():
            raise DataError(f"{path} is missing, which {MANIFEST} names: make the features anew")
        try:
            arrow = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        except pa.ArrowInvalid as error:
            raise DataError(f"{path} cannot be read ({error}): make the features anew") from error
        schema = (arrow.schema.metadata or {}).get(b"schema", b"").decode()
        if schema != self.schema:
            raise DataError(f"{path} is of schema {schema}, its manifest of {self.schema}: make both anew")
        columns = ["time", *self.prices, *self.features]
        if arrow.column_names != columns:
            odd = sorted(set(columns) ^ set(arrow.column_names)) or ["their order"]
            raise DataError(f"{path} and its manifest differ in {', '.join(odd)}: make both anew")
        if arrow.num_rows != self.rows[symbol]:
            raise DataError(f"{path} has {arrow.num_rows} rows, its manifest says {self.rows[symbol]}")
        table = Table(symbol, path, arrow)
        if arrow.num_rows > 1 and (np.diff(table.time) < 0).any():
            raise DataError(f"{path} goes back in time: make the features anew")
        return table


def described(table: Table) -> dict[str, object]:
    """What a model card says of a file."""
    with table.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    span = {"from": iso(int(table.time[0])), "until": iso(int(table.time[-1]))} if len(table.time) else {}
    return {"symbol": table.symbol, "rows": len(table.time), **span, "sha256": digest}
