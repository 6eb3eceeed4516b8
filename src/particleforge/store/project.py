"""A project: micrographs by reference, with what a person said of them, and the folders of what is made from them."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import Field

from particleforge.errors import UserError, located
from particleforge.params import Params
from particleforge.plain_data import read_yaml
from particleforge.store.calibration import Statement, agree
from particleforge.store.files import LOCK, atomic_write, claim_name, disk_errors, is_writable, new_part
from particleforge.store.planes import Planes
from particleforge.store.project_images import (
    Moved,
    ProjectImage,
    images_in,
    micrographs,
    open_plane,
    planes_of,
    unused_name,
)
from particleforge.store.source import Source

FILE = "project.yaml"
PARTICLES, ANNOTATIONS, MODELS, RESULTS, IMAGES = "particles", "annotations", "models", "results", "images"
OWN = (PARTICLES, ANNOTATIONS, MODELS, RESULTS, "datasets", "recipes")
"""Folders of a project that hold what was made, not micrographs."""
WAIT_S = 10.0
"""Longest time another program may take to write its changes."""


class Contents(Params):
    """What ``project.yaml`` holds."""

    images: tuple[ProjectImage, ...] = Field((), description="The micrographs, in order.")
    detector: str = Field("base", description="Name or folder of the detector in use.")
    measuring: dict[str, Any] = Field({}, description="Rules and options of measuring, where they are not the default.")


class Project:
    """A folder with ``project.yaml``, or one that becomes a project with the first change.

    Next to the file lie ``particles/`` (what was found in each image, corrected by hand), ``annotations/`` (what
    teaches, laid out for `read_annotated`), ``models/`` and ``results/`` (as `measure` writes them). Another program
    may change the file meanwhile: each change here is made to what is on disk.

    Parameters
    ----------
    folder
        The folder; without ``project.yaml`` its images, and those of its subfolders as a group each, belong to it.
        Without subfolders, images called ``gold_1``, ``gold_2``, ``silver_1``, ``silver_2`` are put into two groups.

    Raises
    ------
    UserError
        If the folder does not exist, or its ``project.yaml`` cannot be read.

    Examples
    --------
    >>> from particleforge.store.project import Project
    >>> project = Project("gold")  # doctest: +SKIP
    >>> [image.name for image in project.images]  # doctest: +SKIP
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).expanduser().absolute()
        if not self.folder.is_dir():
            raise UserError(f"{self.folder} is not a folder.", "Choose the folder that holds the micrographs.")
        self.contents = self._read()
        self._moved = Moved(self.folder, OWN)

    @classmethod
    def at(cls, folder: Path | str, elsewhere: Path) -> "Project":
        """Open a folder; if nothing can be written in it, open one below `elsewhere` that refers to its images.

        Raises
        ------
        UserError
            As for a `Project`, or if `elsewhere` is not writable.
        """
        given = cls(folder)
        if is_writable(given.folder):
            return given
        name = f"{given.folder.name}-{hashlib.sha256(os.fsencode(given.folder)).hexdigest()[:8]}"
        project = cls(new_part(elsewhere, name))
        if not project.file.is_file():
            images = [image.replace(path=str(given.path(image))) for image in given.images]
            project._change(lambda _: given.contents.replace(images=tuple(images)))
        return project

    @property
    def file(self) -> Path:
        """Its ``project.yaml``, which may not be there yet."""
        return self.folder / FILE

    @property
    def images(self) -> tuple[ProjectImage, ...]:
        """The micrographs, in order."""
        return self.contents.images

    @property
    def names(self) -> list[str]:
        """Names of the micrographs, in order."""
        return [image.name for image in self.images]

    @property
    def needed_names(self) -> list[str]:
        """Names of the micrographs, where there must be one.

        Raises
        ------
        UserError
            If there is none.
        """
        if not self.images:
            raise UserError(f"{self.folder} has no images.", "Add some, or choose the folder that holds them.")
        return self.names

    def __getitem__(self, name: str) -> ProjectImage:
        for image in self.images:
            if image.name == name:
                return image
        raise UserError(f"{self.folder.name} has no image {name!r}.", f"It has {', '.join(self.names[:5]) or 'none'}.")

    def path(self, image: ProjectImage) -> Path:
        """File of a micrograph; if it is not at its place, the one of its name in or below the folder."""
        path = self.folder / image.path
        return path if os.path.exists(path) else self._moved.find(image.path) or path

    @property
    def missing(self) -> list[str]:
        """Names of the micrographs whose files are not there."""
        return [image.name for image in self.images if not os.path.exists(self.path(image))]

    def refresh(self) -> bool:
        """Read what another program has changed; return whether anything has. Moved images are sought again."""
        self._moved = Moved(self.folder, OWN)
        before, self.contents = self.contents, self._read() if self.file.is_file() else self.contents
        return self.contents != before

    def add(self, paths: Iterable[Path], group: str = "") -> list[str]:
        """Add image files, or all images of folders; return the names of the new ones. Stacks give an image per plane.

        Raises
        ------
        UserError
            If there is no image at a path, or ``project.yaml`` cannot be written.
        """
        found = [file for path in paths for file in micrographs(Path(path).expanduser().absolute())]
        new: list[str] = []

        def change(contents: Contents) -> Contents:
            there = {(self.folder / image.path, image.page) for image in contents.images}
            taken = {image.name.casefold() for image in contents.images}
            added = []
            for file in found:
                for image in planes_of(file):
                    if (file, image.page) not in there:
                        name = unused_name(image.name, taken)
                        added.append(image.replace(name=name, path=self._reference(file), group=group))
            new[:] = [image.name for image in added]
            return contents.replace(images=(*contents.images, *added))

        self._change(change)
        return list(new)

    def remove(self, names: Collection[str]) -> None:
        """Remove images from the project; their files, and what was found in them, stay.

        Raises
        ------
        UserError
            If ``project.yaml`` cannot be written.
        """
        self._change(lambda contents: contents.replace(images=[i for i in contents.images if i.name not in names]))

    def set(self, names: Collection[str], **fields: Any) -> None:
        """Change fields of images: ``pixel_size_nm``, ``group``, ``teaches``.

        Raises
        ------
        UserError
            If a value is outside its limits, or ``project.yaml`` cannot be written.
        """

        def change(contents: Contents) -> Contents:
            changed = [image.replace(**fields) if image.name in names else image for image in contents.images]
            return contents.replace(images=tuple(changed))

        self._change(change)

    def set_groups(self, groups: dict[str, str]) -> None:
        """Put images into groups, by name.

        Raises
        ------
        UserError
            If ``project.yaml`` cannot be written.
        """

        def change(contents: Contents) -> Contents:
            changed = [image.replace(group=groups.get(image.name, image.group)) for image in contents.images]
            return contents.replace(images=tuple(changed))

        self._change(change)

    def set_pixel_sizes(self, sizes_nm: Mapping[str, float | None]) -> None:
        """Give images a pixel size each, by name; None: as the file states.

        Raises
        ------
        UserError
            If a size is not above zero, or ``project.yaml`` cannot be written.
        """

        def change(contents: Contents) -> Contents:
            changed = [
                image.replace(pixel_size_nm=sizes_nm[image.name]) if image.name in sizes_nm else image
                for image in contents.images
            ]
            return contents.replace(images=tuple(changed))

        self._change(change)

    def configure(self, **fields: Any) -> None:
        """Change the detector in use or how to measure.

        Raises
        ------
        UserError
            If ``project.yaml`` cannot be written.
        """
        self._change(lambda contents: contents.replace(**fields))

    def open(self, name: str) -> Source:
        """Open a micrograph without reading its pixels: one plane, called as in the project.

        Raises
        ------
        UserError
            If its file is missing or broken.
        """
        image = self[name]
        path = self.path(image)
        if not os.path.exists(path):
            raise UserError(f"The file of {name} is missing: {path}.", "Put it back, or remove the image.")
        source = open_plane(path, image)
        columns = {**source.columns, **({"group": image.group} if image.group else {})}
        source = replace(source, name=image.name, columns=columns)
        if image.pixel_size_nm is None:
            return source
        given = Statement((image.pixel_size_nm,) * 2, FILE)
        remarks: tuple[str, ...] = (f"Pixel size {given}.",)
        if source.pixel_size_nm and not agree(source.pixel_size_nm, (image.pixel_size_nm,) * 2):
            remarks += (f"{Statement(source.pixel_size_nm, 'the image file')} is not used.",)
        return replace(source, pixel_size_nm=(image.pixel_size_nm,) * 2, size_remarks=remarks)

    @property
    def detector(self) -> str | Path:
        """Name of the bundled detector in use, or the folder of a detector, perhaps among the models of the project."""
        name = self.contents.detector
        return next((place for place in (self.folder / name, self.folder / MODELS / name) if place.is_dir()), name)

    def model(self, name: str) -> Path:
        """Folder of a model of the project, by its name.

        Raises
        ------
        UserError
            If the name cannot be that of a folder.
        """
        return self.folder / MODELS / claim_name(name, set())

    def planes(self, names: Sequence[str] | None = None) -> Planes:
        """Planes of all micrographs, or of those with the names given.

        Raises
        ------
        UserError
            If there is none.
        """
        chosen = self.names if names is None else names
        return Planes({name: partial(self.open, name) for name in chosen})

    def _reference(self, file: Path) -> str:
        inside = file.is_relative_to(self.folder)
        return file.relative_to(self.folder).as_posix() if inside else str(file)

    def _read(self) -> Contents:
        if not self.file.is_file():
            return Contents(images=_grouped(list(images_in(self.folder, OWN))))
        with located(self.file):
            contents = Contents.parse(read_yaml(self.file))
            names: set[str] = set()
            for image in contents.images:
                if not (image.name and image.path):
                    raise UserError("An image has no name or no path.", "Remove it, or restore the file.")
                claim_name(image.name, names)
        return contents

    def _change(self, change: Callable[[Contents], Contents]) -> None:
        """Change what is on disk, with no other program writing meanwhile."""
        from filelock import FileLock, Timeout

        with disk_errors(self.file):
            try:
                with FileLock(self.folder / f".project{LOCK}", timeout=WAIT_S, thread_local=False):
                    changed = change(self._read() if self.file.is_file() else self.contents)
                    text = yaml.safe_dump(
                        changed.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True
                    )
                    with atomic_write(self.file) as temporary:
                        temporary.write_text(text, encoding="utf-8")
            except Timeout:
                raise UserError(f"Another program is writing to {self.file}.", "Wait until it ends.") from None
        self.contents = changed


def _grouped(images: Sequence[ProjectImage]) -> tuple[ProjectImage, ...]:
    """Put images of a folder that has no groups into those that their names suggest, if each has several images."""
    groups = {} if any(image.group for image in images) else groups_from_names([image.name for image in images])
    if min(Counter(groups.values()).values(), default=0) < 2:
        groups = {}
    return tuple(image.replace(group=groups.get(image.name, image.group)) for image in images)


class Numbered(NamedTuple):
    """A group that is a number with a unit, such as ``10 min``."""

    value: float
    unit: str


def numbered(group: str) -> Numbered | None:
    """Read a group as a number with a unit; None if it is not one.

    Examples
    --------
    >>> from particleforge.store.project import numbered
    >>> numbered("10 min"), numbered("sample A")
    (Numbered(value=10.0, unit='min'), None)
    """
    found = re.fullmatch(r"([-+]?\d+(?:[.,]\d+)?)\s*([^\d\s]\S*)?", group.strip())
    return None if found is None else Numbered(float(found[1].replace(",", ".")), found[2] or "")


def groups_from_names(names: Sequence[str]) -> dict[str, str]:
    """Propose a group for each image: its name without the number at its end; empty if that gives no groups.

    Examples
    --------
    >>> from particleforge.store.project import groups_from_names
    >>> groups_from_names(["gold_01", "gold_02", "silver-1"])
    {'gold_01': 'gold', 'gold_02': 'gold', 'silver-1': 'silver'}
    """
    found = {name: re.sub(r"[\s_\-.]*[#(]?\d+\)?$", "", name) for name in names}
    return found if all(found.values()) and 1 < len(set(found.values())) < len(names) else {}
