"""Training data of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import ndimage

from particleforge.sample import Sample

SPARED = slice(4, 100, 5)
"""Which particles of a micrograph are spared for validation: every fifth, at most twenty."""


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
    spared
        Parts of the annotated micrographs that are used for validation only.
    recipes
        Plain data of the recipes of the synthetic samples, by their location.
    """

    real: Sequence[Sample] = ()
    synthetic: Sequence[Sample] = ()
    rehearsal: Sequence[Sample] = ()
    held_out: Sequence[Sample] = ()
    spared: Sequence[Sample] = ()
    recipes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def hold_out(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Split annotated micrographs: if there are eight or more, every seventh with particles is kept for validation."""
    labelled = [sample for sample in samples if sample.labels.any()]
    held_out = labelled[3::7] if len(labelled) >= 8 else []
    return [sample for sample in labelled if sample not in held_out], held_out


def spare(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Spare every fifth particle of partly annotated micrographs, with its surroundings, for validation.

    Returns
    -------
    train_on, spared
        The samples without the spared particles, and only these particles. Samples with fewer than five particles and
        completely annotated ones stay whole: cut-paste learns from these how dense the particles lie.
    """
    train_on, spared = [], []
    for sample in samples:
        ids = np.unique(sample.labels[sample.labels > 0])[SPARED]
        if sample.known is None or not len(ids):
            train_on.append(sample)
            continue
        labels = np.where(np.isin(sample.labels, ids), sample.labels, 0)
        part = np.zeros(labels.shape, bool)
        for box in ndimage.find_objects(labels):
            if box is not None:
                part[tuple(map(_wider, box))] = True
        train_on.append(replace(sample, labels=sample.labels - labels, known=sample.known & ~part))
        spared.append(replace(sample, labels=labels, known=sample.known & part))
    return train_on, spared


def _wider(side: slice) -> slice:
    rim = (side.stop - side.start) // 4
    return slice(max(0, side.start - rim), side.stop + rim)
