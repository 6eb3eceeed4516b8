"""Files of what was found in a part of an image."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from particleforge.models.detections import Detections, Outlines
from particleforge.store.files import atomic_write
from particleforge.store.unreadable import unreadable

HINT = "Delete the file and run the same command again."


def write_detections(path: Path, found: Detections) -> None:
    """Write points, scores, classes and outlines; what was found of the image as a whole is not in the file.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    arrays: dict[str, Any] = {} if found.outlines is None else found.outlines.arrays()
    arrays = {f"outline_{name}": values for name, values in arrays.items()}
    if found.classes is not None:
        arrays["classes"] = np.array(found.classes, np.str_)
    with atomic_write(path) as temporary:
        np.savez(temporary, points=found.points, scores=found.scores, **arrays)


def read_detections(path: Path, shape: tuple[int, int], outlines: type[Outlines]) -> Detections:
    """Read what `write_detections` wrote.

    Parameters
    ----------
    path
        The file.
    shape
        (Y, X) of the image.
    outlines
        Class of the outlines.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    with unreadable(path, HINT), np.load(path) as file:
        arrays = {name.removeprefix("outline_"): file[name] for name in file.files if name.startswith("outline_")}
        classes = tuple(map(str, file["classes"])) if "classes" in file else None
        drawn = outlines.of_arrays(arrays)
        return Detections(shape, file["points"], file["scores"], drawn, classes=classes)


def joined(parts: Sequence[Detections]) -> Detections:
    """Put what was found in several parts of an image together; there is at least one part."""
    drawn = [part.outlines for part in parts if part.outlines is not None]
    classes = [part.classes for part in parts if part.classes is not None]
    return replace(
        parts[0],
        points=np.concatenate([part.points for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        outlines=type(drawn[0]).joined(drawn) if drawn else None,
        painted=None,
        classes=tuple(name for part in classes for name in part) if classes else None,
    )
