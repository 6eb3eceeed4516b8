"""Training data of a detector: at working scale, and divided into what it learns from and what it is tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from particleforge.models.detector_params import DetectorTraining
from particleforge.models.detector_task import HeldOut, Mix
from particleforge.models.patches import Source
from particleforge.models.scales import ScalePlan
from particleforge.models.sources import Sources
from particleforge.models.training_set import TrainingSet
from particleforge.sample import Sample

HELD_OUT_SYNTHETIC = (6, 128)
"""Least and largest number of synthetic samples kept for validation."""
FOR_THRESHOLDS = 64
"""Largest number of synthetic samples from which thresholds are chosen."""
FEW_REAL = 6
"""Number of real training images from which thresholds are chosen if none are held out."""
PERCENTILES = (1.0, 99.8)
KEEP_PX = 4e8
"""Number of pixels of training images kept in memory."""


@dataclass(frozen=True)
class DetectorData:
    """Samples at working scale, prepared one by one on demand.

    Parameters
    ----------
    mix
        What is learned from.
    real_tests, synthetic_tests
        Images for validation only.
    spared
        Parts of real images for validation only.
    percentiles
        Grey percentiles that are mapped to 0 and 1.
    """

    mix: Mix
    real_tests: Sources
    synthetic_tests: Sources
    spared: Sources
    percentiles: tuple[float, float] = PERCENTILES

    @classmethod
    def of(cls, samples: TrainingSet, plan: ScalePlan, *, keep_px: float = KEEP_PX) -> DetectorData:
        """Divide samples, without reading them.

        Parameters
        ----------
        samples
            Training data.
        plan
            Brings them to working scale; rehearsal samples are taken as they are.
        keep_px
            Number of pixels kept in memory.
        """
        synthetic = samples.synthetic
        kept = int(np.clip(len(synthetic) // 100, *HELD_OUT_SYNTHETIC))
        training = len(synthetic) - min(kept, len(synthetic) // 4)

        def sources(chosen: Sequence[Sample], indices: range | None = None, scale_of: Any = plan.scale_of) -> Sources:
            indices = range(len(chosen)) if indices is None else indices
            return Sources(chosen, indices, scale_of, PERCENTILES, keep_px)

        rehearsal = sources(samples.rehearsal, scale_of=replace(plan, as_is=True).scale_of)
        return cls(
            Mix(sources(samples.real), sources(synthetic, range(training)), rehearsal),
            sources(samples.held_out),
            sources(synthetic, range(training, len(synthetic))),
            sources(samples.spared),
        )

    @property
    def held_out(self) -> HeldOut:
        """Sources for validation."""
        return HeldOut([*self.real_tests[:], *self.spared[:]], self.synthetic_tests[:])

    def for_thresholds(self) -> list[Sequence[Source]]:
        """Real and synthetic images on which thresholds are chosen."""
        real = self.real_tests[:] or [*self.mix.real[:FEW_REAL], *self.spared[:]]
        return [real, self.synthetic_tests[:FOR_THRESHOLDS]]


def provenance_of(samples: TrainingSet, params: DetectorTraining, plan: ScalePlan) -> dict[str, Any]:
    """List what a model is learned from."""
    return {
        "version": version("napari-particleforge"),
        "training": params.model_dump(mode="json"),
        "real": [sample.name for sample in samples.real],
        "particles": sum(
            int(np.count_nonzero(np.unique(sample.labels))) for sample in (*samples.real, *samples.spared)
        ),
        "held_out": [sample.name for sample in samples.held_out],
        "synthetic": len(samples.synthetic),
        "shapes": len(samples.rehearsal),
        "median_diameters_px": list(plan.medians_px),
    }
