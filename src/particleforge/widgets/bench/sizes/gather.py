"""The tables of images of a project, measured once and kept; a thread uses it. No Qt here."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from particleforge.errors import Cancelled, UserError
from particleforge.measurement.groups import ImageTable
from particleforge.measurement.other_rules import needs_pixels, with_rules
from particleforge.measurement.project_tables import image_table
from particleforge.measurement.rules import Rules
from particleforge.store.particle_files import particle_file
from particleforge.store.project import PARTICLES, Project
from particleforge.store.whole_masks import whole_file

Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class Gathered:
    """Tables of images.

    Parameters
    ----------
    images
        The images that were searched for particles, in the order asked for.
    failed
        Why images could not be measured, by name.
    """

    images: tuple[ImageTable, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)


class Gatherer:
    """Measures images of projects where anything has changed since, and applies other rules to the rest."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Path, str], tuple[Key, ImageTable | None]] = {}

    def gather(
        self,
        project: Project,
        names: Sequence[str],
        rules: Rules,
        live: ImageTable | None = None,
        report: Callable[[int, int], bool] = lambda done, total: False,
    ) -> Gathered:
        """Return the tables of images.

        Parameters
        ----------
        project
            The project.
        names
            Names of the images.
        rules
            How they are measured.
        live
            The image that is being edited, whose table is newer than what is on disk.
        report
            Gets the number of images done and their total; returns whether the rest is no longer needed.
        """
        found: list[ImageTable] = []
        failed: dict[str, str] = {}
        for done, name in enumerate(names):
            if report(done, len(names)):
                raise Cancelled("Other images are shown by now.")
            try:
                group = project[name].group
                if live is not None and live.name == name:
                    found.append(replace(by_rules(live, rules), group=group))
                elif (one := self._table(project, name, rules)) is not None:
                    found.append(replace(one, group=group))
            except UserError as error:
                failed[name] = str(error)
        return Gathered(tuple(found), failed)

    def _table(self, project: Project, name: str, rules: Rules) -> ImageTable | None:
        place, key = (project.folder, name), _key(project, name)
        kept_key, kept = self._kept.get(place, (None, None))
        if kept_key == key and (kept is None or not needs_pixels(kept.table, kept.rules, rules)):
            if kept is None or kept.rules == rules:
                return kept
            found: ImageTable | None = by_rules(kept, rules)
        else:
            found = image_table(project, name, rules)
        self._kept[place] = (key, found)
        return found


def by_rules(image: ImageTable, rules: Rules) -> ImageTable:
    """Return an image with its table by other rules; what needs the pixels stays as it was."""
    table = with_rules(image.table, image.shape, rules, rows=image.rows, pixel_size_nm=image.pixel_size_nm)
    return replace(image, table=table, rules=rules)


def _key(project: Project, name: str) -> Key:
    """Note what the table of an image depends on, but for the rules."""
    image = project[name]
    particles = particle_file(project.folder / PARTICLES, name)
    files = (particles, whole_file(particles), project.path(image))
    stats = [(stat.st_mtime_ns, stat.st_size) if (stat := _stat(path)) else None for path in files]
    return (image.replace(group="", teaches=True), *stats)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
