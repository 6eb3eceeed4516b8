"""Estimators: networks that estimate parameters of a recipe from images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from particleforge.models.kind import ModelKind

if TYPE_CHECKING:
    from particleforge.models.estimator.model import Estimator

HETERO = Path(__file__).parent / "hetero"
"""The bundled estimator of hetero-aggregates; its recipe and its training are next to it."""
NOTE = "estimator.yaml"


class EstimatorKind(ModelKind):
    """Estimators of the parameters of recipes."""

    kind = "estimator"
    title = "Estimator"
    role = "estimator"
    bundled: ClassVar[Mapping[str, Path | None]] = {"hetero": HETERO}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether there is the note that is written last."""
        return (folder / NOTE).is_file()

    @classmethod
    def load(cls, folder: Path | None) -> Estimator:
        """Load a model folder; see `Estimator.load`."""
        from particleforge.models.estimator.model import Estimator

        return Estimator.load(folder or HETERO)
