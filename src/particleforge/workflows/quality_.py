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
from particleforge.recipes.any import as_recipe
from particleforge.step import Progress, Step, part
from particleforge.store.run_folder import claim, locked
from particleforge.store.selection import Selection
from particleforge.verb import verb
from particleforge.workflows._candidates import named
from particleforge.workflows._describe import describe_sets
from particleforge.workflows._drawn_sets import draw_recipes, is_recipe
from particleforge.workflows._given_network import GivenNetwork, Greyscale
from particleforge.workflows._quality_written import Judged, write_quality
from particleforge.workflows._sets import Item, items

DRAWING, DESCRIBING, COMPARING = 0.5, 0.9, 0.97
"""Shares of the time after which recipes are drawn, if there are any, all images are described, and then compared."""


class QualityParams(Selection, Workers):
    """What of the images is compared."""

    images: int = Field(
        100, ge=1, le=100_000, description="Largest number of images of each set, and of the real ones, that is used."
    )
    drawn: int = Field(30, ge=1, le=100_000, description="Number of images drawn of a set that is a recipe.")
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
        Datasets NAME.zarr, folders of images, annotated folders, images, or recipes (YAML files, kinds, presets); each
        is a set.
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
    out, given = Path(out), named(sets)
    if not given:
        raise UserError("There is no set to compare.", "Give datasets NAME.zarr, folders of images or recipes.")
    for one in given.values():
        if not is_recipe(one):
            items(Path(one), params, params.images)
    compared_with = _real_items(real, params)
    what: dict[str, Any] = {"command": "quality", "sets": list(map(str, sets)), "real": list(map(str, real))}
    recipes = {name: as_recipe(one).model_dump(mode="json") for name, one in given.items() if is_recipe(one)}
    what |= {"recipes": recipes} if recipes else {}
    with locked(out):
        claim(out, what | {"params": params.recorded()})
        ready = yield from part(draw_recipes(given, out, params.drawn, params), 0, DRAWING * bool(recipes))
        found = {name: items(path, params, params.images) for name, path in ready.items()}
        describing = describe_sets(compared_with, found, out, params.crops, params.network, params)
        looks = yield from part(describing, DRAWING * bool(recipes), DESCRIBING)
        compared = yield from part(compare(looks.real, looks.sets, params.precision), DESCRIBING, COMPARING)
        yield Progress(COMPARING, 1, "Writing the report")
        return write_quality(out, looks, compared, params.precision, what | {"params": params.recorded()})


def _real_items(real: Sequence[Path | str], params: QualityParams) -> list[Item]:
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
