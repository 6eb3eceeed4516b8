"""What lies in a folder of models, told from their files without loading any."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.models.kind import ModelKind, kinds
from particleforge.params import read_yaml
from particleforge.store.run_folder import NOTE as RUN


@dataclass(frozen=True)
class Trained:
    """One model, or a training that has not come to its end.

    Parameters
    ----------
    path
        Its folder.
    kind
        Of model.
    finished
        Whether the training came to its end; if not, it can be continued.
    usable
        Whether there are weights to be used.
    date
        Of its last change.
    source
        What it learned from, for a person.
    scores
        How well it does on what was held out, by what is scored.
    size_bytes
        Of all files in the folder.
    """

    path: Path
    kind: type[ModelKind]
    finished: bool
    usable: bool
    date: datetime
    source: str
    scores: Mapping[str, float]
    size_bytes: int

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.name


def trained_models(folder: Path, role: str = "") -> list[Trained]:
    """Models in a folder, of one role or any, the latest first; none where there is no folder."""
    if not folder.is_dir():
        return []
    found = [_read(path, role) for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted((model for model in found if model), key=lambda model: model.date, reverse=True)


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


def _read(path: Path, role: str) -> Trained | None:
    kind = next((kind for kind in kinds() if kind.claims(path)), None)
    if kind is None or role not in ("", kind.role):
        return None
    files = [file.stat() for file in path.rglob("*") if file.is_file()]
    return Trained(
        path,
        kind,
        finished=kind.finished(path),
        usable=kind.recognises(path),
        date=datetime.fromtimestamp(max(file.st_mtime for file in files)),
        source=kind.source(path),
        scores=kind.scores(path),
        size_bytes=sum(file.st_size for file in files),
    )
