"""List the models in a folder from their files, without loading them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.models.kind import ModelKind, kinds
from particleforge.plain_data import read_yaml
from particleforge.store.run_folder import NOTE as RUN


@dataclass(frozen=True)
class Trained:
    """A model, or a training that was not completed.

    Parameters
    ----------
    path
        Its folder.
    kind
        Kind of model.
    finished
        Whether the training was completed; if not, it can be continued.
    usable
        Whether there are weights that can be used.
    date
        Time of the last change.
    source
        What it was trained on, in plain words.
    scores
        Scores on held-out data, by name.
    size_bytes
        Total size of the files in the folder.
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
    """Models in a folder, of one role or any, the latest first; none if there is no such folder."""
    if not folder.is_dir():
        return []
    found = [_read(path, role) for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted((model for model in found if model), key=lambda model: model.date, reverse=True)


def run_arguments(model: Path) -> dict[str, Any]:
    """Read the inputs and parameters of an interrupted training, as plain data.

    Raises
    ------
    UserError
        If the folder holds no training.
    """
    if not (model / RUN).is_file():
        raise UserError(f"{model} holds no training that can be continued.", "Choose one that was stopped.")
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
