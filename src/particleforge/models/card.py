"""The summary in the folder of a model, whatever its kind."""

from __future__ import annotations

import csv
import math
from importlib.metadata import version
from pathlib import Path

from pydantic import Field

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.store.files import atomic_write

CARD, CHECKPOINT, LOG = "model.yaml", "checkpoint.pt", "training.csv"
"""Files in the folder of a model."""


class Card(Params):
    """Summary of a model.

    It is written when training begins and again when it ends; older model folders have none.
    """

    kind: str = Field("", description="Kind of the model.")
    version: str = Field("", description="Version of the package that wrote it.")
    source: str = Field("", description="What it was trained on, in plain words.")
    scores: dict[str, float] = Field({}, description="How well it did on held-out data.")
    finished: bool = Field(False, description="Whether its training was completed.")

    @classmethod
    def read(cls, folder: Path) -> Card | None:
        """Card of a folder; None where there is no readable one."""
        if not (folder / CARD).is_file():
            return None
        try:
            return cls.from_yaml(folder / CARD)
        except UserError:
            return None

    def write(self, folder: Path) -> None:
        """Write it to a folder.

        Raises
        ------
        UserError
            If the disk is full or not writable.
        """
        with atomic_write(folder / CARD) as path:
            path.write_text(
                self.replace(version=version("napari-particleforge")).to_yaml(),
                encoding="utf-8",
            )


def kept_f1(folder: Path) -> dict[str, float]:
    """F1 on held-out annotated particles, at the lowest held-out loss, whose weights are kept; empty if unknown."""
    try:
        rows = list(csv.DictReader((folder / LOG).read_text(encoding="utf-8").splitlines()))
        f1 = float(min(rows, key=lambda row: float(row["held_out_loss"]))["held_out_f1"])
    except (OSError, ValueError, KeyError):
        return {}
    return {} if math.isnan(f1) else {"f1": f1}
