"""What lies in a folder of models, told from their files without loading any."""

import csv
import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.params import read_yaml
from particleforge.store.run_folder import NOTE as RUN

NOTE, CHECKPOINT, THRESHOLDS, LOG = "particleforge.yaml", "checkpoint.pt", "thresholds.json", "training.csv"
"""Files of a model folder; the models themselves write them."""
ESTIMATOR = "estimator.yaml"
"""File of an estimator."""


@dataclass(frozen=True)
class Trained:
    """One model, or a training that has not come to its end.

    Parameters
    ----------
    path
        Its folder.
    finished
        Whether the training came to its end; if not, it can be continued.
    usable
        Whether there are weights to find particles with.
    date
        Of its last change.
    source
        What it learned from, for a person.
    prob_thresh
        Least probability of a particle.
    f1
        Of the weights kept, on annotated particles that were held out; None where none were.
    size_bytes
        Of all files in the folder.
    """

    path: Path
    finished: bool
    usable: bool
    date: datetime
    source: str
    prob_thresh: float | None
    f1: float | None
    size_bytes: int

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.name


def trained_models(folder: Path) -> list[Trained]:
    """Models in a folder, ours and official StarDist ones, the latest first; none where there is no folder."""
    if not folder.is_dir():
        return []
    found = [_read(path) for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted((model for model in found if model), key=lambda model: model.date, reverse=True)


def trained_estimators(folder: Path) -> list[Path]:
    """Estimators in a folder, the latest first; none where there is no folder."""
    return sorted((path.parent for path in folder.glob(f"[!.]*/{ESTIMATOR}")), key=_changed, reverse=True)


def run_arguments(model: Path) -> dict[str, Any]:
    """Read what an interrupted training was started with: its inputs and parameters as plain data.

    Raises
    ------
    UserError
        If the folder holds no run.
    """
    if not (model / RUN).is_file():
        raise UserError(f"{model} holds no training that could go on.", "Choose one that was stopped.")
    return read_yaml(model / RUN)


def _changed(estimator: Path) -> float:
    return (estimator / ESTIMATOR).stat().st_mtime


def _read(path: Path) -> Trained | None:
    marks = [path / name for name in (THRESHOLDS, "config.json", RUN) if (path / name).is_file()]
    if not marks or (marks == [path / RUN] and _is_estimator(path)):
        return None
    usable, stopped = (path / "config.json").is_file(), (path / CHECKPOINT).is_file()
    return Trained(
        path,
        finished=usable and not stopped,
        usable=usable,
        date=datetime.fromtimestamp(max(mark.stat().st_mtime for mark in marks)),
        source=_source(path),
        prob_thresh=_threshold(path),
        f1=_f1(path / LOG),
        size_bytes=sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
    )


def _is_estimator(path: Path) -> bool:
    """Whether a folder without weights of a detector is that of an estimator, which may still be in training."""
    try:
        return (path / ESTIMATOR).is_file() or "targets" in read_yaml(path / RUN)
    except UserError:
        return False


def _source(path: Path) -> str:
    try:
        if (path / RUN).is_file():
            run = read_yaml(path / RUN)
            count = len(run.get("annotated", ()))
            name = Path(str(run.get("folder") or ", ".join(map(str, run.get("sources", ()))))).name
            return f"{name}, {count} image{'' if count == 1 else 's'}"
        provenance = read_yaml(path / NOTE).get("provenance", {})
    except UserError:
        return "StarDist model" if (path / "config.json").is_file() else "unknown"
    return ", ".join(provenance.get("real", ())) or "recipes only"


def _threshold(path: Path) -> float | None:
    try:
        return float(json.loads((path / THRESHOLDS).read_text(encoding="utf-8"))["prob"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _f1(log: Path) -> float | None:
    """Score where the held-out loss was lowest: the weights of that step are kept."""
    try:
        rows = list(csv.DictReader(log.read_text(encoding="utf-8").splitlines()))
        best = min(rows, key=lambda row: float(row["held_out_loss"]))
        score = float(best["held_out_f1"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if math.isnan(score) else score
