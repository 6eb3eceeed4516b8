"""``summary.json`` of a folder of results, as it is on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.plain_data import read_json
from particleforge.store.journal import Journal

SUMMARY = "summary.json"
_NEEDED = {"provenance", "complete", "images", "failed"}


def enter_outcome(summary: dict[str, Any], line: Mapping[str, Any]) -> None:
    """Enter the outcome of an image."""
    name = line["name"]
    if "entry" in line:
        summary["images"][name] = line["entry"]
        summary["failed"].pop(name, None)
    else:
        summary["failed"][name] = line["reason"]
    if line["inputs"] is not None:
        summary["inputs"][name] = line["inputs"]


def read_summary(folder: Path) -> dict[str, Any]:
    """Read the summary of a folder of results, with the outcomes in its journal.

    Raises
    ------
    UserError
        If it is damaged, or is not a summary.
    """
    path = folder / SUMMARY
    try:
        summary = read_json(path)
    except UserError as error:
        raise UserError(error.message, "Repeat the measurement in another folder.") from error
    if not isinstance(summary, dict) or not _NEEDED <= set(summary):
        raise UserError(f"{path} is not a summary of results.", f"It needs {', '.join(sorted(_NEEDED))}.")
    for line in Journal(path).lines():
        enter_outcome(summary, line)
    return summary
