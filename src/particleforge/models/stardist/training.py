"""From annotated samples to a StarDist model in a folder."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.sources import Sources, diameters_px, median_diameter_px
from particleforge.models.stardist.thresholds import choose_thresholds
from particleforge.models.stardist.train import CHECKPOINT, train_network
from particleforge.models.stardist.train_params import TrainParams
from particleforge.sample import Sample
from particleforge.step import Progress, Step

MAX_ENLARGEMENT = 4.0
"""Enlarging further adds no detail and costs time with its square."""

HELD_OUT_SYNTHETIC = 6


def train_stardist(
    real: Sequence[Sample], synthetic: Sequence[Sample], held_out: Sequence[Sample], out: Path, params: TrainParams
) -> Step[StarDistModel]:
    """Train a StarDist network at a working scale that suits the particles, choose thresholds, save the model.

    Parameters
    ----------
    real
        Annotated micrographs, fully or partly.
    synthetic
        Samples of a recipe; the last ones are held out.
    held_out
        Annotated micrographs to validate on.
    out
        Folder of the model. An interrupted training in it is continued.
    params
        Budget and settings.
    """
    percentiles = (1.0, 99.8)
    diameter_px = median_diameter_px(real or synthetic)
    fresh = min(HELD_OUT_SYNTHETIC, len(synthetic) // 4)

    def sources(samples: Sequence[Sample]) -> Sources:
        return Sources(
            samples, [working_scale(own_diameter_px(s) or diameter_px, params) for s in samples], percentiles
        )

    real_sources = sources(real)
    made = [synthetic[i] for i in range(len(synthetic))]
    synthetic_sources = sources(made[: len(made) - fresh])
    synthetic_tests, real_tests = sources(made[len(made) - fresh :]), sources(held_out)
    tests = [*real_tests[:], *synthetic_tests[:]]
    net = yield from train_network(real_sources, synthetic_sources, tests, out, params)
    yield Progress(1, 1, "Choosing thresholds")
    prob_thresh, nms_thresh = choose_thresholds(net, [real_tests[:] or real_sources[:6], synthetic_tests[:]])
    model = StarDistModel(
        net,
        prob_thresh,
        nms_thresh,
        percentiles,
        working_scale=working_scale(diameter_px, params),
        pixel_size_nm=_common_pixel_size_nm(real or synthetic),
        provenance={
            "version": version("napari-particleforge"),
            "training": params.model_dump(mode="json"),
            "real": [sample.name for sample in real],
            "held_out": [sample.name for sample in held_out],
            "synthetic": len(synthetic),
            "diameter_px": diameter_px,
        },
    )
    model.save(out)
    (out / CHECKPOINT).unlink(missing_ok=True)
    return model


def hold_out(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Split annotated micrographs: from eight on, every seventh with particles is kept for validation."""
    labelled = [sample for sample in samples if sample.labels.any()]
    held_out = labelled[3::7] if len(labelled) >= 8 else []
    return [sample for sample in labelled if sample not in held_out], held_out


def own_diameter_px(sample: Sample) -> float | None:
    """Median particle diameter of one sample, None where it has no particle."""
    if sample.truth is not None and len(sample.truth):
        return float(sample.truth["diameter_px"].median())
    return float(np.median(diameters_px(sample))) if sample.labels.any() else None


def _common_pixel_size_nm(samples: Sequence[Sample]) -> float | None:
    """Pixel size of all samples, None where one is not known or they differ."""
    sizes = {sample.micrograph.square_pixel_size_nm for sample in samples}
    return sizes.pop() if len(sizes) == 1 else None


def working_scale(diameter_px: float, params: TrainParams) -> float:
    """Factor that makes particles of a diameter as large as the network likes them."""
    return min(params.diameter_px / max(diameter_px, 1e-6), MAX_ENLARGEMENT)
