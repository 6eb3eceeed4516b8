"""What a dataset stores for its samples in addition to the arrays: one JSON line per sample."""

import json
import math
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.store.unreadable import unreadable

if TYPE_CHECKING:
    import pandas as pd

NEEDED = {"name", "shape", "pixel_size_nm", "known", "recipe", "truth"}
"""What every row has."""
AGAIN = "Make the dataset again, or delete this file: `synthesize` then draws its samples again."


def pack_row(sample: Sample, schema: Schema) -> bytes:
    """One line with everything of a sample except its arrays; equal samples give equal bytes.

    Raises
    ------
    UserError
        If a target does not fit the schema.
    """
    row = {
        "name": sample.name,
        "shape": sample.micrograph.shape,
        "pixel_size_nm": sample.micrograph.pixel_size_nm,
        "known": sample.known is not None,
        "recipe": sample.recipe,
        "truth": None if sample.truth is None else pack_truth(sample.truth),
    }
    if schema.arrays:
        row["shapes"] = {name: sample.arrays[name].shape for name in schema.arrays}
    if schema.targets:
        row["targets"] = schema.pack_targets(sample)
    return json.dumps(row, default=_plain, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def read_row(path: Path, position: int) -> dict[str, Any] | None:
    """Row of a rows file, or None if it does not exist."""
    if not path.exists():
        return None
    with unreadable(path, AGAIN), path.open("rb") as file:
        line = next(islice(file, position, None), None)
        return None if line is None else _row(path, position, line)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """All rows of a rows file; empty if it does not exist."""
    if not path.exists():
        return []
    with unreadable(path, AGAIN):
        lines = [line for line in path.read_bytes().split(b"\n") if line]
        return [_row(path, position, line) for position, line in enumerate(lines)]


def _row(path: Path, position: int, line: bytes) -> dict[str, Any]:
    """Parse a line and check what every row has."""
    row = json.loads(line)
    if not isinstance(row, dict) or not row.keys() >= NEEDED:
        raise ValueError(f"line {position + 1} of {path.name} lacks one of {', '.join(sorted(NEEDED))}")
    shape, size = row["shape"], row["pixel_size_nm"]
    if not _is_pair(shape, int) or not (size is None or _is_pair(size, (int, float))):
        raise ValueError(f"line {position + 1} of {path.name} has the shape {shape} and the pixel size {size}")
    return row


def _is_pair(value: Any, kind: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, kind) and one >= 0 for one in value)


def row_count(path: Path) -> int:
    """Count the rows of a rows file; 0 if it does not exist."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def pack_truth(truth: "pd.DataFrame") -> dict[str, Any]:
    """Table as plain data: type and values per column. Missing numbers are null; floats keep all digits."""
    return {
        str(name): {"dtype": str(column.dtype), "values": [_json_value(value) for value in column.tolist()]}
        for name, column in truth.items()
    } | ({} if len(truth.columns) else {"": {"dtype": "rows", "values": [len(truth)]}})


def unpack_truth(packed: dict[str, Any] | None) -> "pd.DataFrame | None":
    """Table from plain data; see `pack_truth`."""
    import pandas as pd

    if packed is None:
        return None
    if "" in packed and packed[""]["dtype"] == "rows":
        return pd.DataFrame(index=pd.RangeIndex(packed[""]["values"][0]))
    return pd.DataFrame({name: _column(column) for name, column in packed.items()})


def _column(column: dict[str, Any]) -> "pd.Series[Any]":
    import pandas as pd

    dtype, values = column["dtype"], column["values"]
    if dtype.startswith("float"):
        values = [math.nan if value is None else float(value) for value in values]
    series: pd.Series[Any] = pd.Series(values, dtype=dtype)
    return series


def _json_value(value: Any) -> Any:
    """Not-a-number and other missing values as null, infinities as text."""
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)
    return value if isinstance(value, (int, str, bool)) or value is None else _missing(value)


def _missing(value: Any) -> Any:
    import pandas as pd

    return None if value is pd.NA or value is pd.NaT else value


def _plain(value: Any) -> Any:
    """NumPy numbers and arrays as plain data."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be stored in a dataset; use numbers, text, lists and mappings")
