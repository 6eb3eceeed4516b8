"""What a person should know before using the figures of a report."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.borders.guard_frame import GuardFrame
from particleforge.measurement.measured import Measured
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.report.text import listed, plural
from particleforge.measurement.statistics.describe import Description
from particleforge.measurement.statistics.images import beyond_chance
from particleforge.measurement.statistics.sizes import Sizes

if TYPE_CHECKING:
    import pandas as pd

SURE = 0.8
"""From 0.9 on a detector was right on most micrographs, below 0.7 on none; see docs/models.md."""
_FEW, _COARSE_PX, _COARSE_SHARE, _LARGE_SHARE = 50, 15, 0.1, 0.3


def warnings_of(measured: Measured, description: Description, scale: Scale) -> list[str]:
    """Sentences, the gravest first; none where all is well."""
    table = measured.table
    counted = table[table["weight"] > 0]
    said = []
    if description.unit == "px":
        said.append("The pixel size is not known: all sizes are in pixels, not in nanometres.")
    images = counted["image"].nunique()
    if description.unit == "px" and images > 1:
        said.append(f"Sizes in pixels of {images} images are taken together as if their magnification were the same.")
    if not len(table):
        return [*said, "No particle was found."]
    if len(counted) and not description.count:
        return [*said, f"{without_size(_unsized(measured))} Sizes are not taken together."]
    if not len(counted):
        return [*said, f"None of {plural(len(table), 'particle')} counts by these rules, so there is nothing to say."]
    if len(counted) == 1:
        said.append("One particle is no distribution: there is a size, and nothing on its spread.")
    elif len(counted) < _FEW:
        said.append(f"{plural(len(counted), 'particle')} are few: mind the intervals.")
    elif counted["ecd_px"].nunique() == 1:
        said.append("All sizes are equal; there is no spread to describe.")
    fine = float((counted["ecd_px"] < _COARSE_PX).mean())
    if fine > _COARSE_SHARE:
        said.append(f"{fine:.0%} of the particles are below {_COARSE_PX} px: half a pixel all around is 7 % or more.")
    cut = int((counted["touches_border"]).sum())
    if cut and isinstance(measured.rules.border, GuardFrame):
        said.append(f"{plural(cut, 'particle')} that count touch the border: the guard frame is too narrow.")
    elif cut:
        said.append(f"{plural(cut, 'particle')} that count are cut by the border and too small.")
    said += _unlike(measured, counted, description, scale)
    if measured.labels is not None:
        frame = min(measured.labels.shape)
        large = float(counted["feret_max_px"].max()) / frame
        if large > _LARGE_SHARE:
            said.append(
                f"The largest particle is {large:.0%} of the image's shorter side: larger ones are hardly ever whole."
            )
    return said


def without_size(names: Sequence[str]) -> str:
    """Say which images have no pixel size while others do, and the way out."""
    return (
        f"The pixel size of {plural(len(names), 'image')} is not known: {listed(names)}. Set the scale in these "
        "files, or give --pixel-size where it is the same for all."
    )


def _unsized(measured: Measured) -> list[str]:
    """Images with particles whose size in nm is not known, by name."""
    table, column = measured.table, f"{measured.rules.size}_nm"
    unknown = table[table[column].isna()] if column in table else table
    return [str(name) for name in unknown["image"].unique()]


def _unlike(measured: Measured, counted: "pd.DataFrame", description: Description, scale: Scale) -> list[str]:
    """Warn of images that differ among each other."""
    means = beyond_chance(Sizes.of(counted, measured.rules, description.unit))
    if not means:
        return []
    names = np.unique(counted["image"].astype(str))
    least, most = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    found = f"geometric means go from {scale.said(means[least])} in {names[least]} to "
    said = f"Images differ more than chance explains: {found}{scale.said(means[most])} in {names[most]}."
    if description.resampled == "particles":
        said += " The intervals take all particles as one sample, and are too narrow."
    return [said]


def unsure(certainties: Mapping[str, float | None]) -> list[str]:
    """Warn of images, by name, whose particles the detector is not sure of; None where it cannot tell."""
    doubted = sorted((sure, name) for name, sure in certainties.items() if sure is not None and sure < SURE)
    if not doubted:
        return []
    named = listed([f"{name} ({sure:.2f})" for sure, name in doubted])
    return [f"The detector is not sure of {named}, where 1 is certain: check the particles it found there."]
