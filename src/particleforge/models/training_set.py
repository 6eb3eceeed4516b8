"""Training data of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from particleforge.sample import Sample


@dataclass(frozen=True)
class TrainingSet:
    """Samples by origin; each may be empty.

    Parameters
    ----------
    real
        Annotated micrographs.
    synthetic
        Samples drawn from recipes.
    rehearsal
        Samples that keep the model from forgetting; see `ModelKind.rehearsal`.
    held_out
        Annotated micrographs that are used for validation only.
    recipes
        Plain data of the recipes of the synthetic samples, by their location.
    """

    real: Sequence[Sample] = ()
    synthetic: Sequence[Sample] = ()
    rehearsal: Sequence[Sample] = ()
    held_out: Sequence[Sample] = ()
    recipes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def hold_out(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Split annotated micrographs: if there are eight or more, every seventh with particles is kept for validation."""
    labelled = [sample for sample in samples if sample.labels.any()]
    held_out = labelled[3::7] if len(labelled) >= 8 else []
    return [sample for sample in labelled if sample not in held_out], held_out
