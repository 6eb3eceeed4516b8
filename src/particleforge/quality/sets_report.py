"""Report of sets of images compared with real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from particleforge.measurement.arrays import Floats
from particleforge.measurement.numbers import digits
from particleforge.measurement.picture import INK
from particleforge.measurement.report.comparison import COLOURS
from particleforge.measurement.report.content import Content, Plot, as_yaml
from particleforge.measurement.report.picture import embedded
from particleforge.measurement.report.plots import blank, finish, laid_out, legend_below, svg
from particleforge.measurement.report.table import Table
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.quality.comparison import SPLITS, Compared, Far
from particleforge.quality.described import REDUCED, Described, in_common_units
from particleforge.quality.distance import distances
from particleforge.quality.features.objects import FIGURES
from particleforge.quality.view import PARTICLE_PX, SIDE_PX, Greys

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 8
"""Number of crops in a strip."""
GAP_PX = 4


def sets_report(
    real: Described,
    sets: Sequence[Described],
    compared: Compared,
    tiles: Mapping[str, Sequence[Greys]],
    precision: Precision,
    provenance: Mapping[str, object],
    warnings: Sequence[str] = (),
) -> Content:
    """Put distances into words, tables and pictures.

    Parameters
    ----------
    real, sets
        The images by their features.
    compared
        The distances.
    tiles
        Crops of the images, by set.
    precision
        Precision of the intervals.
    provenance
        Plain data.
    warnings
        What readers should know first.
    """
    strips = [Plot(_strip(tiles[name]), name) for name in (real.name, *compared.ranked)]
    return Content(
        title="Sets of images compared with real ones",
        headline=[_headline(place, name, compared) for place, name in enumerate(compared.ranked, start=1)],
        warnings=list(warnings),
        tables=[*_tables(compared), _objects([real, *sets])],
        rules=_rules(precision),
        provenance=as_yaml(provenance),
        plots=[Plot(svg(_map([real, *sets])), CAPTION), *strips],
    )


CAPTION = (
    "Images by the two largest principal components of texture and network. Real images are black. What is near here "
    "may differ in the other components."
)


def _headline(place: int, name: str, compared: Compared) -> tuple[str, str, str]:
    far = next(iter(compared.far.values()))[name]
    units = "" if far.units is None else f"{digits(far.units)} times that of halves of the real images"
    value, limits = far.value.text
    return f"{place}. {name}", value, "; ".join(filter(None, (limits.strip("()"), units)))


def _tables(compared: Compared) -> list[Table]:
    titles = {key: distance.TITLE for key, distance in distances().items()}
    names, main = compared.ranked, next(iter(compared.far))
    head = ("", "Distance", "Interval", "In units of halves", "Nearest in")
    rows = [(name, *_cells(compared.far[main][name])) for name in names]
    found = [Table(titles[main], head, rows, "Sets are ranked by this distance. Nearest in: share of the resamples.")]
    ranks = [(titles[key], *(_with_rank(name, own) for name in names)) for key, own in compared.far.items()]
    unit = "In units of that of halves of the real images, which 95 % of them do not exceed. "
    found.append(Table("All distances", ("", *names), ranks, f"{unit * bool(compared.chance)}In brackets the rank."))
    if compared.chance:
        chances = [
            (titles[key], digits(one.median), digits(one.low), digits(one.high), digits(one.unit))
            for key, one in compared.chance.items()
        ]
        found.append(Table("Halves of the real images", ("", "Median", "2.5 %", "97.5 %", "Unit"), chances))
    return found


def _cells(far: Far) -> tuple[str, str, str, str]:
    value, limits = far.value.text
    nearest = "-" if far.nearest is None else f"{100 * far.nearest:.0f} %"
    return value, limits or "-", digits(far.units), nearest


def _with_rank(name: str, own: Mapping[str, Far]) -> str:
    values = [one.value.value or 0.0 for one in own.values()]
    rank = 1 + sum(value < (own[name].value.value or 0.0) for value in values)
    far = own[name]
    return f"{digits(far.value.value if far.units is None else far.units)} ({rank})"


def _objects(sets: Sequence[Described]) -> Table:
    rows = []
    for place, title in enumerate(FIGURES):
        rows.append((title, *(digits(float(np.median(one.means("objects")[:, place]))) for one in sets)))
    rows.append(("Images", *(str(len(one)) for one in sets)))
    return Table(
        "Particles found (medians over images)",
        ("", *(one.name for one in sets)),
        rows,
        "Contrasts are shares of the range of grey values.",
    )


def _strip(tiles: Sequence[Greys]) -> str:
    """Draw crops of evenly spaced images in a row."""
    chosen = [tiles[place] for place in np.linspace(0, len(tiles) - 1, min(SHOWN, len(tiles))).round().astype(int)]
    grey = np.full((SIDE_PX, SHOWN * (SIDE_PX + GAP_PX)), 255, np.uint8)
    for place, tile in enumerate(chosen):
        left = place * (SIDE_PX + GAP_PX)
        grey[:, left : left + SIDE_PX] = tile
    height, width = grey.shape
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'viewBox="0 0 {width} {height}" width="{width * 0.6:.0f}pt" height="{height * 0.6:.0f}pt">'
        f"{embedded(np.zeros(grey.shape, np.uint8), grey)}</svg>"
    )


def _map(sets: Sequence[Described]) -> Figure:
    """Draw every image as a dot; the real ones on top."""
    fig = blank(4.2)
    axes = fig.subplots()
    finish(axes, "Texture and network", "Second component")
    axes.set_xlabel("First component", fontsize=8, color=INK)
    for place, one in reversed(list(enumerate(in_common_units(sets)))):
        points: Floats = one.means(REDUCED)[:, :2]
        colour = INK if place == 0 else COLOURS[(place - 1) % len(COLOURS)]
        axes.plot(
            *points.T,
            "o",
            color=colour,
            ms=5 if place == 0 else 4,
            mew=0,
            alpha=0.9 if place == 0 else 0.6,
            label=one.name,
        )
    return laid_out(fig, legend_below(fig))


def _rules(precision: Precision) -> dict[str, str]:
    return {
        "Scale": f"Images are resized so that the median particle has {PARTICLE_PX:g} px: by the labels where there "
        f"are any, else by what the bundled detector finds. Crops of {SIDE_PX} px are described.",
        "Resolution": "Finer images are reduced first, until their particles have as many pixels as in the set with "
        "the fewest.",
        "Kernel distance": "Squared maximum mean discrepancy with a polynomial kernel of degree 3, without bias; only "
        "crops of different images are compared. It may be below 0 where there is no difference.",
        "Fréchet distance": "Grows where there are fewer images, and with it that of halves; the kernel distance does "
        "not.",
        "Units": "Features are standardised over all sets of this run, each with the same weight: figures of different "
        "runs cannot be compared.",
        "Halves": f"Distance of two random halves of the real images, {SPLITS} times; all crops of an image are in the "
        "same half.",
        "Intervals": f"{precision.confidence_percent:g} %, by a bootstrap over real images and those of the set.",
        "What it means": "A rank and a distance, not a verdict: compare sets with equal shares of classes, coverage "
        "and sizes. Whether a nearer set teaches a detector better is answered by rank.",
    }
