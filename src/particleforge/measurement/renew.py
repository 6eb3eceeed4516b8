"""Begin the results of a project again when it is measured in another way."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.measurement.followed_files import GROWTH, GROWTH_REPORTS, TRACKS
from particleforge.measurement.report.write import SUFFIXES
from particleforge.measurement.results_folder import AGGREGATES, FIGURES, LABELS, PARQUET, REPORTS, ROWS, TABLE
from particleforge.measurement.summary_file import SUMMARY
from particleforge.plain_data import read_yaml
from particleforge.store.files import disk_errors
from particleforge.store.journal import Journal
from particleforge.store.run_folder import NOTE, is_claimed, replace_claim

FILES = (TABLE, PARQUET, AGGREGATES, SUMMARY, "report.json", *(f"report{suffix}" for suffix in SUFFIXES))
FILES += (TRACKS, GROWTH, *GROWTH_REPORTS)
FOLDERS = (LABELS, FIGURES, REPORTS, ROWS)


def renew(out: Path, provenance: Mapping[str, Any]) -> None:
    """Remove results of a project that were made in another way, which can always be made again; other files stay.

    Parameters
    ----------
    out
        Folder of results of a project, which the caller has locked.
    provenance
        How it is to be measured now, with the entry ``project`` in its ``source``.

    Raises
    ------
    UserError
        If the folder holds results of anything else, or is not writable.
    """
    if is_claimed(out, provenance):
        return
    there = read_yaml(out / NOTE) if (out / NOTE).is_file() else {}
    made = [name for name in (*FILES, *FOLDERS) if (out / name).exists()]
    if made and "project" not in (there.get("source") or {}):
        raise UserError(
            f"{out} holds {made[0]} of something else than this project.", "Move it to another place, then try again."
        )
    with disk_errors(out):
        for name in FOLDERS:
            shutil.rmtree(out / name, ignore_errors=True)
        Journal(out / SUMMARY).clear()
        for name in FILES:
            (out / name).unlink(missing_ok=True)
    replace_claim(out, provenance)
