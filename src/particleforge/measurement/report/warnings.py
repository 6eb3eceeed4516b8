"""What readers should know before they use the figures of a report."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from particleforge.measurement.borders.guard_frame import GuardFrame
from particleforge.measurement.columns import SIZES
from particleforge.measurement.in_pieces import in_pieces, pieces_sentence
from particleforge.measurement.measured import Measured
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.statistics.describe import Description
from particleforge.measurement.statistics.images import beyond_chance
from particleforge.measurement.statistics.sizes import Sizes, numbered
from particleforge.wording import listed, plural

if TYPE_CHECKING:
    import pandas as pd

_FEW, _COARSE_PX, _COARSE_SHARE, _LARGE_SHARE = 50, 15, 0.1, 0.3


def warnings_of(measured: Measured, description: Description, scale: Scale) -> list[str]:
    """Sentences, the most serious first; none if there is no concern."""
    table = measured.table
    needed = {"image", "weight", "ecd_px", "touches_border", "feret_max_px", *SIZES[measured.rules.size].names}
    counted = table.loc[table["weight"] > 0, [name for name in table if name in needed]]
    lines = []
    if description.unit == "px":
        lines.append("The pixel size is unknown: all sizes are in pixels, not in nanometres.")
    images = counted["image"].nunique()
    if description.unit == "px" and images > 1:
        lines.append(f"Sizes in pixels of {images} images are pooled as if all had the same magnification.")
    if not len(table):
        return [*lines, "No particles were found."]
    if len(counted) and not description.count:
        return [*lines, f"{without_size(_unsized(measured))} Sizes are not pooled."]
    if not len(counted):
        return [
            *lines,
            f"None of {plural(len(table), 'particle')} counts by these rules: there are no sizes to report.",
        ]
    if len(counted) == 1:
        lines.append("One particle is not a distribution: it has a size, but no spread.")
    elif len(counted) < _FEW:
        lines.append(f"Only {plural(len(counted), 'particle')} counted: note the intervals.")
    elif counted["ecd_px"].min() == counted["ecd_px"].max():
        lines.append("All sizes are equal; there is no spread to describe.")
    fine = float((counted["ecd_px"] < _COARSE_PX).mean())
    if fine > _COARSE_SHARE:
        lines.append(
            f"{fine:.0%} of the particles are below {_COARSE_PX} px: half a pixel on each side is 7 % or more."
        )
    if pieces := pieces_sentence(*in_pieces(table)):
        lines.append(pieces)
    cut = int((counted["touches_border"]).sum())
    if cut and isinstance(measured.rules.border, GuardFrame):
        lines.append(f"Touching the border: {plural(cut, 'particle')} that count. The guard frame is too narrow.")
    elif cut:
        lines.append(f"Cut by the border and so too small: {plural(cut, 'particle')} that count.")
    lines += _unlike(measured, counted, description, scale)
    if (shape := measured.image_shape) is not None:
        frame = min(shape)
        large = float(counted["feret_max_px"].max()) / frame
        if large > _LARGE_SHARE:
            lines.append(
                f"The largest particle is {large:.0%} of the image's shorter side: larger ones are rarely complete."
            )
    return lines


def without_size(names: Sequence[str]) -> str:
    """Report which images have no pixel size while others do, with a hint."""
    return (
        f"The pixel size of {plural(len(names), 'image')} is unknown: {listed(names)}. Set the scale in these "
        "files, list the images in pixel_sizes.csv, or use --pixel-size if it is the same for all."
    )


def _unsized(measured: Measured) -> list[str]:
    """Names of images with particles whose size in nm is unknown."""
    table, column = measured.table, f"{measured.rules.size}_nm"
    unknown = table[table[column].isna()] if column in table else table
    return [str(name) for name in unknown["image"].unique()]


def _unlike(measured: Measured, counted: "pd.DataFrame", description: Description, scale: Scale) -> list[str]:
    """Warn of images that differ from each other."""
    means = beyond_chance(Sizes.of(counted, measured.rules, description.unit))
    if not means:
        return []
    names = numbered(counted["image"])[1]
    least, most = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    found = f"geometric means range from {scale.format(means[least])} in {names[least]} to "
    text = f"Images differ by more than chance explains: {found}{scale.format(means[most])} in {names[most]}."
    if description.resampled == "particles":
        text += " The intervals treat all particles as one sample and are too narrow."
    return [text]


def remarks_on(images: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """List what was remarked on images when they were read, from their summaries by name: each sentence once."""
    found: dict[str, list[str]] = {}
    for name, entry in images.items():
        for remark in entry.get("remarks", ()):
            found.setdefault(remark, []).append(name)
    return [f"{listed(names)}: {remark}" for remark, names in found.items()]
