"""Judge how much synthetic images look like real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from particleforge.compute import Workers
from particleforge.errors import UserError
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.quality.comparison import compare
from particleforge.step import Progress, Step, part
from particleforge.store.run_folder import claim, locked
from particleforge.store.selection import Selection
from particleforge.verb import verb
from particleforge.workflows._candidates import named
from particleforge.workflows._describe import Looks, describe_sets
from particleforge.workflows._given_network import GivenNetwork, Greyscale
from particleforge.workflows._quality_written import Judged, write_quality
from particleforge.workflows._sets import Item, items

DESCRIBING, COMPARING = 0.9, 0.97
"""Shares of the time after which all images are described, and then compared."""


class QualityParams(Selection, Workers):
    """What of the images is compared."""

    images: int = Field(
        100, ge=1, le=100_000, description="Largest number of images of each set, and of the real ones, that is used."
    )
    crops: int = Field(9, ge=1, le=1000, description="Largest number of crops of each image that is described.")
    features: Path | None = Field(
        None,
        description="ONNX file with a network of your own that makes a vector of an image, such as Inception, CLIP or "
        "DINOv2; its distances (FID, KID, CLIP score) are given in addition.",
    )
    features_greys: Greyscale = Field(
        "0_to_1", description="What this network takes grey values as: a range, or those of ImageNet or CLIP networks."
    )
    precision: Precision = Field(Precision(), description="Confidence of the intervals and number of resamples.")

    @property
    def network(self) -> GivenNetwork | None:
        """The network of the user, if there is one.

        Raises
        ------
        UserError
            If its file cannot be used.
        """
        return None if self.features is None else GivenNetwork(self.features, self.features_greys)

    def recorded(self) -> dict[str, Any]:
        """Plain data of what decides what is computed."""
        network = self.network
        plain = self.model_dump(mode="json", exclude=set(Workers.model_fields))
        return plain | ({} if network is None else {"features_sha256": network.sha256})


def _report(judged: Judged, _: Mapping[str, Any]) -> dict[str, Any]:
    return judged.report()


@verb(_report, resumable=True)
def quality_(
    sets: Sequence[Path | str],
    out: Path | str,
    real: Sequence[Path | str] = (),
    params: QualityParams = QualityParams(),
) -> Step[Judged]:
    """Compute how far the looks of sets of images are from those of real ones, which need no annotation.

    Parameters
    ----------
    sets
        Datasets NAME.zarr, folders of images, annotated folders or images; each is a set.
    out
        New folder for quality.json and report.html; an interrupted run is continued.
    real
        Images of one material that the sets are compared with, 3 to 30: images, folders or datasets.
    params
        What of the images is compared.

    Raises
    ------
    UserError
        If a set has no image that can be used, or `out` contains something else. A single image that cannot be used
        does not stop the run; it is listed under ``left_out``.
    """
    sets, real = ([one] if isinstance(one, (str, Path)) else list(one) for one in (sets, real))
    out = Path(out)
    found = named_items(sets, params)
    compared_with = real_items(real, params)
    what = {"command": "quality", "sets": list(map(str, sets)), "real": list(map(str, real))}
    with locked(out):
        claim(out, what | {"params": params.recorded()})
        looks = yield from part(look_at(compared_with, found, out, params), 0, DESCRIBING)
        compared = yield from part(compare(looks.real, looks.sets, params.precision), DESCRIBING, COMPARING)
        yield Progress(COMPARING, 1, "Writing the report")
        return write_quality(out, looks, compared, params.precision, what | {"params": params.recorded()})


def look_at(real: Sequence[Item], sets: Mapping[str, Sequence[Item]], out: Path, params: QualityParams) -> Step[Looks]:
    """Describe all images; see `describe_sets`."""
    return (yield from describe_sets(real, sets, out, params.crops, params.network, params))


def named_items(sets: Sequence[Path | str], params: QualityParams) -> dict[str, list[Item]]:
    """Find the images of each set, by a short name of it.

    Raises
    ------
    UserError
        If there are none.
    """
    if not sets:
        raise UserError("There is no set to compare.", "Give datasets NAME.zarr or folders of images.")
    return {name: items(Path(source), params, params.images) for name, source in named(sets).items()}


def real_items(real: Sequence[Path | str], params: QualityParams) -> list[Item]:
    """Find the real images, whose names must differ.

    Raises
    ------
    UserError
        If there are none, or two have the same name.
    """
    if not real:
        raise UserError("There are no real images.", "Give them after --real: images, folders or datasets.")
    found = {
        f"{name}-{item.name}": item
        for name, source in named(real).items()
        for item in items(Path(source), params, params.images)
    }
    return [Item(name, item.read) for name, item in found.items()]
