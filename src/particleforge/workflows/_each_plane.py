"""Measure images plane by plane."""

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from particleforge.errors import Cancelled, UserError
from particleforge.measurement.certainty import certainty_words
from particleforge.measurement.measured import Measured
from particleforge.measurement.results import Measurement, Results
from particleforge.step import Progress, Step
from particleforge.store.files import DiskError
from particleforge.store.fingerprints import Fingerprints
from particleforge.store.memory import check_memory
from particleforge.store.planes import Planes
from particleforge.wording import plural

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
    """

    bare: Measured
    scores: Mapping[int, float] | None = None
    finding: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def measure_each(
    results: Results, inputs: Sequence[Planes], find: Callable[..., Found], doing: str, bytes_per_px: int
) -> Step[Measurement]:
    """Measure and write the planes that are not yet done, or that have changed since; no single one ends the run.

    Parameters
    ----------
    results
        Where to. What it holds of images that have changed or are no longer there is left out.
    inputs
        Planes to measure, and those that belong to them, with the same names.
    find
        Gives the particles of a plane of each of the inputs.
    doing
        What is done, for people.
    bytes_per_px
        Memory needed per pixel at least, in addition to the pixels themselves.

    Raises
    ------
    UserError
        If the output cannot be written, or no plane could be measured.
    """
    names, fingerprints = inputs[0].names, Fingerprints()

    def fingerprint(name: str) -> list[str]:
        return [fingerprints(planes.get(name)) for planes in inputs]

    yield Progress(0, len(names), doing)
    if changes := results.compare(names, fingerprint):
        yield Progress(0, len(names), changes)
    for done, name in enumerate(names, start=1):
        if name in results.measured:
            continue
        try:
            planes = [one.get(name) for one in inputs]
            check_memory(planes, bytes_per_px)
            results.note(name, fingerprint(name))
            found = find(*planes)
            measured = results.measure(found.bare, found.scores)
            results.write(measured, found.finding, found.remarks)
        except (DiskError, Cancelled):
            raise
        except Exception as error:  # noqa: BLE001 - the other images go on
            _LOG.debug("%s was not measured", name, exc_info=True)
            failure = failure_of(error)
            results.fail(name, failure)
            if len(names) > 1:  # else it is the error
                yield Progress(done, len(names), f"{name}: not measured. {failure.message}")
            continue
        line = ", ".join([plural(len(measured.table), "particle"), *certainty_words(found.finding)])
        yield Progress(done, len(names), f"{name}: {line}", measured.labels)
    results.arrange(names)
    return results.finish()


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
