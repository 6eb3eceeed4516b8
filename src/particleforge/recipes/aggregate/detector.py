"""Annular detectors."""

from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from particleforge.params import Params
from particleforge.recipes.named import by_name


class Detector(Params):
    """A ring that collects scattered electrons."""

    inner_mrad: float = Field(62.0, gt=0, le=1000, description="Smallest detected angle.")
    outer_mrad: float = Field(231.0, gt=0, le=1000, description="Largest detected angle.")

    @model_validator(mode="after")
    def _ordered(self) -> "Detector":
        if self.inner_mrad >= self.outer_mrad:
            raise ValueError(f"inner_mrad {self.inner_mrad:g} must be smaller than outer_mrad {self.outer_mrad:g}")
        return self


AnyDetector: TypeAlias = Annotated[Detector, by_name(Path(__file__).parent / "detectors")]
"""A detector, or the name of a file in ``detectors``."""
