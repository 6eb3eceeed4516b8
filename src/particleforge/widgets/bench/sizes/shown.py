"""What the step Sizes shows: groups of images by one set of rules, and a filter. No Qt here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from particleforge.errors import UserError
from particleforge.measurement.columns import SIZES, arranged
from particleforge.measurement.filter import Filter
from particleforge.measurement.groups import Group, ImageTable, by_group, together
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.compare import Comparison
from particleforge.measurement.statistics.describe import Estimate
from particleforge.store.project import Numbered, numbered
from particleforge.wording import listed, plural

if TYPE_CHECKING:
    import pandas as pd

Scope: TypeAlias = Literal["image", "selected", "all", "groups"]
NO_GROUP = "no group"
NO_SCALE = "its scale is not known"


@dataclass(frozen=True, eq=False)
class Shown:
    """Groups of images, one of which may be all there is; plot, figures and table are made from it.

    Parameters
    ----------
    groups
        The groups, in order; their tables have no weight where the filter leaves particles out.
    rules
        Those with which the tables were made.
    chosen
        The filter.
    left_out
        Reasons why images are left out, by name.
    """

    groups: tuple[Group, ...] = ()
    rules: Rules = field(default_factory=Rules)
    chosen: Filter = field(default_factory=Filter)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the groups, in order."""
        return [group.name for group in self.groups]

    @property
    def images(self) -> list[ImageTable]:
        """The images of all groups."""
        return [image for group in self.groups for image in group.images]

    @cached_property
    def table(self) -> "pd.DataFrame":
        """The particles of all images; those of images that are not pooled have no weight."""
        tables, any_group = [], any(image.group for image in self.images)
        for group in self.groups:
            for image in group.images:
                own = image.table
                if image.name in group.not_pooled:
                    own = own.assign(weight=0.0, excluded="image not pooled")
                grouped = own.assign(group=image.group) if any_group else own
                tables.append(replace(image, table=grouped[arranged(grouped.columns)]))
        return together(tables)

    @property
    def drawn(self) -> list[Group]:
        """Groups with particles that count."""
        return [group for group in self.groups if len(group.sizes)]

    @property
    def count(self) -> int:
        """Number of particles that count."""
        return sum(len(group.sizes) for group in self.groups)

    @cached_property
    def scale(self) -> Scale:
        """The unit in which lengths are shown, the same for all groups."""
        import numpy as np

        values = [group.sizes.values for group in self.drawn]
        unit = self.drawn[0].sizes.unit if values else "px"
        return Scale.fitting(unit, float(np.median(np.concatenate(values))) if values else None)

    @property
    def size_title(self) -> str:
        """What the size is, with its unit, such as ``Equal-area diameter (nm)``."""
        title = SIZES[self.rules.size].title
        return f"{title[:1].upper()}{title[1:]} ({self.scale.sign})"

    @cached_property
    def values(self) -> dict[str, Numbered]:
        """Groups that are numbers of one unit, by name in ascending order; empty if they are something else."""
        found = {group.name: number for group in self.drawn if (number := numbered(group.name))}
        if len(found) < len(self.drawn) or len(found) < 2 or len({number.unit for number in found.values()}) > 1:
            return {}
        return dict(sorted(found.items(), key=lambda item: item[1].value))

    @property
    def remarks(self) -> list[str]:
        """Sentences on images that are left out."""
        reasons = dict(self.left_out) | {name: why for group in self.groups for name, why in group.not_pooled.items()}
        by_reason: dict[str, list[str]] = {}
        for name, why in reasons.items():
            by_reason.setdefault(why, []).append(name)
        return [f"Not counted: {listed(names)} ({why})." for why, names in by_reason.items()]


def shown_of(
    images: Sequence[ImageTable],
    rules: Rules,
    chosen: Filter = Filter(),
    grouped: bool = False,
    calibration: str | None = None,
) -> Shown:
    """Put images into one group, or into their groups.

    Images without a scale are left out where others have one, as their sizes are in another unit.

    Parameters
    ----------
    images
        Their particles, measured with `rules`.
    rules
        The rules.
    chosen
        Which of the particles count besides.
    grouped
        Whether images are put together by their groups.
    calibration
        Uncertainty of the pixel sizes as text; None if it is not known.
    """
    sized = [image for image in images if image.pixel_size_nm is not None]
    left_out = {image.name: NO_SCALE for image in images if image.pixel_size_nm is None} if sized else {}
    kept = [replace(image, table=chosen.applied(image.table)) for image in sized or images]
    if grouped:
        parts = by_group(kept, NO_GROUP)
    else:
        name = kept[0].name if len(kept) == 1 else plural(len(kept), "image")
        parts = {name: tuple(kept)} if kept else {}
    groups = tuple(Group(name, own, rules, calibration=calibration) for name, own in parts.items())
    ordered = Shown(groups, rules, chosen, left_out)
    if ordered.values:
        order = {name: place for place, name in enumerate(ordered.values)}
        ordered = replace(ordered, groups=tuple(sorted(groups, key=lambda one: order.get(one.name, len(order)))))
    return ordered


@dataclass(frozen=True, eq=False)
class Summary:
    """The figures of what is shown.

    Parameters
    ----------
    figures
        By group, figures by number with their intervals.
    differences
        Each other group with particles compared with the first one.
    reference
        The first group with particles; empty if there is none.
    """

    figures: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    differences: Mapping[str, Comparison] = field(default_factory=dict)
    reference: str = ""


def summary_of(shown: Shown) -> Summary:
    """Compute figures and differences, which takes seconds for tens of thousands of particles."""
    drawn = shown.drawn
    if not drawn:
        return Summary()
    figures = {group.name: group.figures for group in drawn}
    differences = {}
    for group in drawn[1:]:
        try:
            differences[group.name] = group.compared(drawn[0])
        except UserError:  # of different units, which the figures show
            continue
    return Summary(figures, differences, drawn[0].name)
