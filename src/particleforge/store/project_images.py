"""The images of a project: each is a file, or a plane of one, called by a name."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path, PureWindowsPath

from pydantic import Field

from particleforge.errors import UserError, printable
from particleforge.plain_data import read_json
from particleforge.store.files import LONGEST_NAME
from particleforge.store.image_files import distinct_image_paths, image_stem, is_image
from particleforge.store.micrographs import open_source
from particleforge.store.selection import Selection
from particleforge.store.source import Source

SUMMARY = "summary.json"
"""File by which folders of results are known."""
NOT_IMAGES = ("labels", "masks", "background", "originals", "scale", "verdicts", "rescued", "figures", "reports")
"""Folders next to images that hold something else."""
_LABELS = re.compile(r"[ _.\-](?:cp_)?(?:labels?|masks?|seg|segmentation)$", re.IGNORECASE)
"""How other programs call a label image after its micrograph."""
_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f]')
_LONGEST = LONGEST_NAME - 40


class ProjectImage(Selection):
    """A micrograph of a project."""

    name: str = Field("", description="Its name, which no other image of the project has.")
    path: str = Field("", description="Its file: within the folder of the project if it lies there, else absolute.")
    pixel_size_nm: float | None = Field(
        None, gt=0, description="Side of a pixel as a person gave it; empty: as the file states."
    )
    group: str = Field("", description="What it belongs to, such as a sample, a time or a temperature.")
    teaches: bool = Field(True, description="Whether detectors learn from what is sure in it.")


def planes_of(file: Path) -> list[ProjectImage]:
    """Images of a file: one, or one for each plane of a stack, by its page.

    A file that cannot be read is one image, which is reported when it is opened.
    """
    stem = image_stem(file)
    try:
        count = len(open_source(file))
    except UserError:
        count = 1
    if count == 1:
        return [ProjectImage(name=stem)]
    return [ProjectImage(name=f"{stem}_{number:05d}", page=number + 1) for number in range(count)]


def open_plane(path: Path, image: ProjectImage) -> Source:
    """Open the image of a file, or the plane of a stack, which keeps its number and its time."""
    if image.page is None:
        return open_source(path, image)
    stack = open_source(path, image.replace(page=None))
    if stack.pages or image.page > len(stack):
        return open_source(path, image)
    plane = stack[image.page - 1]
    return replace(stack.at(**plane.index), columns=plane.columns)


def images_in(folder: Path, besides: Collection[str] = ()) -> Iterator[ProjectImage]:
    """Images of a folder that is not a project yet: its own, those in ``images/``, and of subfolders as groups.

    For a folder of results, they are the images that were measured, where they still are.

    Parameters
    ----------
    folder
        The folder.
    besides
        Names of subfolders that hold no images.
    """
    taken: set[str] = set()
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != "." and not is_image(path))
    places = [path for path in inner if path.name not in (*besides, *NOT_IMAGES) and not (path / SUMMARY).is_file()]
    for place in (folder, *places):
        group = "" if place in (folder, folder / "images") else place.name
        for file in micrographs(place) if any(map(is_image, place.iterdir())) else ():
            yield from _named(file, file.relative_to(folder).as_posix(), taken, group)
    for file in _measured(folder):
        yield from _named(file, str(file), taken, "")


def _named(file: Path, reference: str, taken: set[str], group: str) -> Iterator[ProjectImage]:
    for image in planes_of(file):
        yield image.replace(name=unused_name(image.name, taken), path=printable(reference), group=group)


def micrographs(folder_or_file: Path) -> list[Path]:
    """Images of a folder without label images of others, one of those that differ only in the suffix; or one image.

    Raises
    ------
    UserError
        If there is no image.
    """
    found = distinct_image_paths(folder_or_file)
    if found == [folder_or_file]:
        return found
    stems = {image_stem(path) for path in found}
    return [path for path in found if label_owner(image_stem(path), stems) is None]


def label_owner(stem: str, images: Collection[str]) -> str | None:
    """Name of the image that a label image belongs to by its own name, of those next to it; None if there is none.

    Examples
    --------
    >>> from particleforge.store.project_images import label_owner
    >>> label_owner("gold_cp_masks", ["gold", "gold_cp_masks"])
    'gold'
    """
    rest = _LABELS.sub("", stem)
    return rest if rest != stem and rest in images else None


def _measured(folder: Path) -> list[Path]:
    """Images from which the results in a folder were made."""
    if not (folder / SUMMARY).is_file():
        return []
    try:
        given = read_json(folder / SUMMARY)["provenance"]["source"]["images"]
        paths = [Path(one) for one in ([given] if isinstance(given, str) else given)]
    except (UserError, KeyError, TypeError):
        return []
    try:
        return [file for path in paths if path.exists() for file in micrographs(path.absolute())]
    except UserError:
        return []


def unused_name(name: str, taken: set[str]) -> str:
    """Return a name that can be that of files and is not taken, and take it."""
    plain = _FORBIDDEN.sub("_", printable(name)).strip(". ") or "image"
    while len(plain.encode()) > _LONGEST:
        plain = plain[:-1]
    number, free = 1, plain
    while free.casefold() in taken:
        number += 1
        free = f"{plain}-{number}"
    taken.add(free.casefold())
    return free


class Moved:
    """Finds images of a project that are no longer at their place, by their names in and below its folder.

    Parameters
    ----------
    folder
        Folder of the project.
    besides
        Names of its subfolders that hold no images.
    """

    def __init__(self, folder: Path, besides: Collection[str]) -> None:
        self._folder, self._besides = folder, frozenset((*besides, *NOT_IMAGES))
        self._files: dict[str, list[Path]] | None = None

    def find(self, path: str) -> Path | None:
        """File called like the one at a path; of several, the one whose folders agree most; None if it is not clear."""
        parts = PureWindowsPath(path).parts  # separators of every system
        if self._files is None:
            self._files = {}
            for file in self._below(self._folder):
                self._files.setdefault(file.name, []).append(file)
        found = {file: _agreeing(file.parts, parts) for file in self._files.get(parts[-1] if parts else "", ())}
        best = [file for file, count in found.items() if count == max(found.values())]
        return best[0] if len(best) == 1 else None

    def _below(self, folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if is_image(path):
                yield path
            elif path.is_dir() and path.name[0] != "." and not path.is_symlink() and path.name not in self._besides:
                yield from self._below(path)


def _agreeing(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Count equal parts from the end."""
    count = 0
    while count < min(len(one), len(other)) and one[-1 - count] == other[-1 - count]:
        count += 1
    return count
