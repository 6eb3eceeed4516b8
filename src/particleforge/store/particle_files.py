"""What was found in an image and corrected by hand: one label image that also says where each particle is from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.plain_data import parse_json
from particleforge.store.files import atomic_write, new_part
from particleforge.store.labels import as_labels
from particleforge.store.tiff_scale import scale_tags
from particleforge.store.unreadable import unreadable

_KEY = "particleforge="
"""Begins the line of the description of the file that holds the origin as JSON."""
_IMAGEJ = "ImageJ=1.54f\n"
AGAIN = "Find the particles of this image again."


@dataclass(frozen=True)
class Origin:
    """Where the particles of an image are from.

    Parameters
    ----------
    scores
        Score of the detector, by id; particles without one were drawn or changed by hand.
    sure
        Ids of the particles that a person has confirmed, drawn or corrected.
    finding
        Plain data about the detection, such as its certainty.
    detector
        The detector as plain data, see `particleforge.workflows.find`; empty: everything was drawn by hand.
    count
        Number of particles.
    image
        Fingerprint of the image in which they were found.
    complete
        Whether a person has stated that every particle of the image is there.
    classes
        Class that the detector has given to particles, by id; empty if it distinguishes none.
    """

    scores: Mapping[int, float] = field(default_factory=dict)
    sure: frozenset[int] = frozenset()
    finding: Mapping[str, Any] = field(default_factory=dict)
    detector: Mapping[str, Any] = field(default_factory=dict)
    count: int = 0
    image: str = ""
    complete: bool = False
    classes: Mapping[int, str] = field(default_factory=dict)

    @property
    def classes_now(self) -> dict[int, tuple[str, float]]:
        """Class and score, by id, of the particles that are as the detector has found them."""
        return {number: (name, self.scores[number]) for number, name in self.classes.items() if number in self.scores}

    @property
    def certainty(self) -> float | None:
        """Certainty of the detector for the whole image, if it has an estimate."""
        value = self.finding.get("certainty")
        return None if value is None else float(value)

    @property
    def mended(self) -> bool:
        """Whether a person has confirmed, drawn, corrected or removed any of them."""
        return bool(self.sure) or len(self.scores) < self.detector.get("found", 0)

    @property
    def checked(self) -> bool:
        """Whether a person has confirmed, drawn or corrected every one of them."""
        return 0 < self.count <= len(self.sure)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Origin":
        """Read plain data.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is not the origin of particles.
        """
        return cls(
            {int(number): float(score) for number, score in data["scores"].items()},
            frozenset(int(number) for number in data["sure"]),
            dict(data["finding"]),
            dict(data["detector"]),
            int(data["count"]),
            str(data["image"]),
            bool(data.get("complete", False)),
            {int(number): str(name) for number, name in data.get("classes", {}).items()},
        )

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        plain: dict[str, Any] = {
            "scores": {str(number): float(score) for number, score in self.scores.items()},
            "sure": sorted(self.sure),
            "finding": dict(self.finding),
            "detector": dict(self.detector),
            "count": self.count,
            "image": self.image,
            "complete": self.complete,
        }
        named = {str(number): name for number, name in self.classes.items()}
        return plain | ({"classes": named} if named else {})


@dataclass(frozen=True, eq=False)
class ImageParticles:
    """Particles of an image.

    Parameters
    ----------
    labels
        (Y, X) uint32 ids, 0 = background.
    origin
        Where they are from.
    """

    labels: npt.NDArray[np.uint32]
    origin: Origin


def particle_file(folder: Path, name: str) -> Path:
    """File of the particles of an image in a folder."""
    return folder / f"{name}.tif"


def write_particles(
    folder: Path, name: str, particles: ImageParticles, pixel_size_nm: tuple[float, float] | None = None
) -> None:
    """Write the particles of an image, completely or not at all: a label image with a note in its description.

    Raises
    ------
    UserError
        If the labels are not labels, or the disk is full or not writable.
    """
    import tifffile

    labels = as_labels(particles.labels, name)
    note = json.dumps(particles.origin.plain(), allow_nan=False)
    new_part(folder.parent, folder.name)
    with atomic_write(particle_file(folder, name)) as temporary, temporary.open("w+b") as file:
        about = {"description": _IMAGEJ, **scale_tags(pixel_size_nm)}
        about["description"] += f"{_KEY}{note}\n"
        tifffile.imwrite(file, labels, compression="zlib", photometric="minisblack", metadata=None, **about)


def rescale_particles(folder: Path, name: str, pixel_size_nm: tuple[float, float] | None) -> None:
    """Note another pixel size in the file of the particles of an image, if there is one.

    Raises
    ------
    UserError
        If the file cannot be read or written.
    """
    particles = read_particles(folder, name)
    if particles is not None:
        write_particles(folder, name, particles, pixel_size_nm)


def is_ours(path: Path) -> bool:
    """Whether a file holds particles as `write_particles` writes them, and not labels of another program.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    import tifffile

    with unreadable(path, AGAIN), tifffile.TiffFile(path) as tiff:
        return _note(tiff) is not None


def read_origin(folder: Path, name: str) -> Origin | None:
    """Read where the particles of an image are from, without its labels; None if nothing was found yet.

    A label image of another program is taken as drawn by hand: all of it is sure, and nothing is missing.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    import tifffile

    path = particle_file(folder, name)
    if not path.is_file():
        return None
    with unreadable(path, AGAIN), tifffile.TiffFile(path) as tiff:
        return _origin(tiff, path)


def read_particles(folder: Path, name: str) -> ImageParticles | None:
    """Read the particles of an image; None if nothing was found yet.

    Raises
    ------
    UserError
        If the file cannot be read, or holds no labels.
    """
    import tifffile

    path = particle_file(folder, name)
    if not path.is_file():
        return None
    with unreadable(path, AGAIN), tifffile.TiffFile(path) as tiff:
        labels = as_labels(tiff.pages[0].asarray(), str(path))
        return ImageParticles(labels, _origin(tiff, path))


def _note(tiff: Any) -> str | None:
    return next((line for line in tiff.pages[0].description.split("\n") if line.startswith(_KEY)), None)


def _origin(tiff: Any, path: Path) -> Origin:
    note = _note(tiff)
    if note is None:
        ids = np.unique(tiff.pages[0].asarray())
        ids = ids[ids > 0]
        return Origin(sure=frozenset(ids.tolist()), count=len(ids), complete=True)
    try:
        return Origin.parse(parse_json(note.removeprefix(_KEY), path.name))
    except (UserError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path}: the note in it is damaged.", AGAIN) from error
