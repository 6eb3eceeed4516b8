"""StarDist detectors: networks that outline star-convex particles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from particleforge.models.kind import ModelKind
from particleforge.models.stardist.options import StarDistOptions

if TYPE_CHECKING:
    from particleforge.models.stardist.model import StarDistModel

BASE = Path(__file__).parent / "base"
"""The bundled detector, trained on recipes only; the recipe and the settings are next to it."""


class StarDistKind(ModelKind):
    """Detectors with a StarDist network, ours and those of the official package."""

    kind = "stardist"
    title = "StarDist"
    role = "detector"
    Options = StarDistOptions
    bundled: ClassVar[Mapping[str, Path | None]] = {"base": BASE}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether there is what the official package writes, too."""
        return (folder / "config.json").is_file()

    @classmethod
    def load(cls, folder: Path | None) -> StarDistModel:
        """Load a model folder, ours or an official one; see `StarDistModel.load`."""
        from particleforge.models.stardist.model import StarDistModel

        return StarDistModel.load(folder or BASE)
