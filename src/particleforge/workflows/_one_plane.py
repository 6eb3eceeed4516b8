"""Measure one plane of images."""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from particleforge.errors import Cancelled, UserError
from particleforge.measurement.image_writer import ImageWriter, Written
from particleforge.measurement.measured import Measured
from particleforge.measurement.results_folder import remove_files
from particleforge.store.files import DiskError
from particleforge.store.fingerprints import Fingerprints
from particleforge.store.memory import check_memory
from particleforge.store.planes import Planes
from particleforge.store.source import Plane

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """Particles of a plane before they are measured.

    Parameters
    ----------
    bare
        Labels, image and pixel size.
    scores
        Score by label; None where nothing was detected here.
    finding
        Plain data about the detection.
    remarks
        Sentences on the image that a person should know.
    classes
        Class and its probability by label, from a classifier or a detector; None: classes are those of the rule.
    """

    bare: Measured
    scores: Mapping[int, float] | None = None
    finding: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    classes: Mapping[int, tuple[str, float]] | None = None


@dataclass(frozen=True)
class Outcome:
    """What has become of a plane.

    Parameters
    ----------
    inputs
        Fingerprints of what it was measured from; None if they are not known.
    result
        What it adds to the tables, or why it was not measured.
    """

    inputs: list[str] | None
    result: Written | UserError


@dataclass(frozen=True)
class OnePlane:
    """Measures a plane by its name and writes its files, in any process.

    Parameters
    ----------
    writer
        Writes the files.
    inputs
        Planes to measure, and those that belong to them, with the same names.
    find
        Gives the particles of a plane of each of the inputs.
    bytes_per_px
        Memory needed per pixel at least, in addition to the pixels themselves.
    refused
        Why there can be no files of an image, by its name.
    fingerprints
        Those of files that were read.
    """

    writer: ImageWriter
    inputs: Sequence[Planes]
    find: Callable[..., Found]
    bytes_per_px: int
    refused: Mapping[str, UserError] = field(default_factory=dict)
    fingerprints: Fingerprints = field(default_factory=Fingerprints)

    def __call__(self, name: str) -> Outcome:
        """Measure the plane of a name and write its files.

        Raises
        ------
        DiskError
            If the disk is full or not writable.
        """
        noted = None
        try:
            planes = self.planes(name)
            check_memory(planes, self.bytes_per_px)
            noted = self.fingerprint(name)
            found = self.find(*planes)
            if name in self.refused:
                raise self.refused[name]
            measured = self.writer.measure(found.bare, found.scores, found.classes)
            return Outcome(noted, self.writer.write(measured, found.finding, found.remarks))
        except (DiskError, Cancelled):
            raise
        except Exception as error:  # noqa: BLE001 - the other images go on
            _LOG.debug("%s was not measured", name, exc_info=True)
            return Outcome(noted, failure_of(error))

    def remove(self, name: str) -> None:
        """Remove what was written of a plane."""
        if name not in self.refused:  # else they belong to another one
            remove_files(self.writer.out, name)

    def planes(self, name: str) -> list[Plane]:
        """Return the planes of a name, one of each of the inputs."""
        return [one.get(name) for one in self.inputs]

    def fingerprint(self, name: str) -> list[str]:
        """Fingerprints of the planes of a name."""
        return [self.fingerprints(plane) for plane in self.planes(name)]


def failure_of(error: Exception) -> UserError:
    """State in a sentence why an image could not be measured."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, MemoryError):
        return UserError("There is not enough memory to measure it.", "Cut the image into parts, or use more memory.")
    place = traceback.extract_tb(error.__traceback__)[-1]
    return UserError(
        f"Unexpected {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}: {error}.",
        "This is an error in the program; please report it to its developers, with the image if you can.",
    )
