"""Describe sets of images at one resolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from particleforge.compute import Workers
from particleforge.errors import UserError, none_done, printable
from particleforge.measurement.arrays import Floats
from particleforge.quality.described import Described
from particleforge.quality.described_file import Arrays
from particleforge.quality.view import PARTICLE_PX, Greys
from particleforge.step import Progress, Step, part
from particleforge.store.files import new_part
from particleforge.workflows._describer import DIAMETER, TILE, Describer
from particleforge.workflows._given_network import GivenNetwork
from particleforge.workflows._processes import each_image
from particleforge.workflows._sets import Item

REAL = "real images"
"""Name of the real images among the sets."""
COARSEST_PX = 6.0
"""Diameter below which images are not reduced further."""
SIZES = 0.4
"""Share of the time in which diameters are found."""


@dataclass(frozen=True, eq=False)
class Looks:
    """Real images and sets by their features, all at one resolution.

    Parameters
    ----------
    real, sets
        The features.
    diameters_px
        Median diameter of the particles in the images of each set as they are.
    resolution_px
        Diameter of the particles to which finer images were reduced.
    coarsest
        Set that determined it; empty if images were not reduced for another.
    tiles
        A crop of each image, by set.
    left_out
        Why images were not used, by set and image.
    """

    real: Described
    sets: Sequence[Described]
    diameters_px: Mapping[str, float]
    resolution_px: float
    coarsest: str
    tiles: Mapping[str, Sequence[Greys]]
    left_out: Mapping[str, Mapping[str, str]]


def describe_sets(
    real: Sequence[Item],
    sets: Mapping[str, Sequence[Item]],
    out: Path,
    crops: int,
    network: GivenNetwork | None,
    where: Workers,
) -> Step[Looks]:
    """Describe the images of all sets at the smallest of their resolutions.

    Parameters
    ----------
    real
        Real images.
    sets
        Other images by set.
    out
        Folder in which is kept what was computed.
    crops
        Largest number of crops of an image.
    network
        Network of the user.
    where
        Where images are described.

    Raises
    ------
    UserError
        If no image of a set can be used, or no particle is found in a whole set.
    """
    every = {REAL: real} | dict(sets)
    kept = {REAL: out / "described" / "real"} | {name: out / "described" / f"set-{name}" for name in sets}
    found = {f"{name}: {item.name}": (name, item) for name, own in every.items() for item in own}
    describer, left_out = Describer(found, kept, crops, network), {name: dict[str, str]() for name in every}
    sizes = yield from part(_each(describer, left_out, where, out), 0, SIZES)
    diameters = {name: _median(name, own) for name, own in sizes.items()}
    coarsest = min(diameters, key=lambda name: diameters[name])
    resolution = float(np.clip(diameters[coarsest], COARSEST_PX, PARTICLE_PX))
    usable = {place: (name, item) for place, (name, item) in found.items() if item.name in sizes[name]}
    ready = replace(describer, items=usable, resolution_px=resolution, usual_px=diameters)
    features = yield from part(_each(ready, left_out, where, out), SIZES, 1)
    described = [_described(name, own) for name, own in features.items()]
    tiles = {name: [one[TILE] for one in own.values()] for name, own in features.items()}
    finer = any(min(size, PARTICLE_PX) > resolution for size in diameters.values())
    return Looks(described[0], described[1:], diameters, resolution, coarsest if finer else "", tiles, left_out)


def _each(
    describer: Describer, left_out: dict[str, dict[str, str]], where: Workers, out: Path
) -> Step[dict[str, dict[str, Arrays]]]:
    """Describe images, by set and in the order of the items; note why others cannot be used."""
    found: dict[str, Arrays] = {}
    for folder in describer.kept.values():
        new_part(folder.parent, folder.name)
    with closing(each_image(describer, list(describer.items), where, lambda _: (), 0, out)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, str):
                yield Progress(len(found), len(describer.items), outcome)
                continue
            place, result = outcome
            name, item = describer.items[place]
            if isinstance(result, UserError):
                left_out[name][item.name] = printable(str(result))
            else:
                found[place] = result
            yield Progress(len(found), len(describer.items), place)
    results: dict[str, dict[str, Arrays]] = {name: {} for name in describer.kept}
    for place, (name, item) in describer.items.items():
        if place in found:
            results[name][item.name] = found[place]
    for name, own in results.items():
        if not own:
            raise none_done(left_out[name], "compared")
    return results


def _median(name: str, sizes: Mapping[str, Arrays]) -> float:
    """Median diameter of a set."""
    known = [float(one[DIAMETER]) for one in sizes.values() if np.isfinite(one[DIAMETER])]
    if not known:
        raise UserError(
            f"{name}: no particle was found in any image, so the scale at which to compare them is not known.",
            "Leave the set out, or give an annotated folder.",
        )
    return float(np.median(known))


def _described(name: str, images: Mapping[str, Arrays]) -> Described:
    names = [key for key in next(iter(images.values())) if key != TILE]
    features: dict[str, list[Floats]] = {key: [one[key].astype(float) for one in images.values()] for key in names}
    return Described(name, list(images), features)
