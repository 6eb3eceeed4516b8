"""What was found in an image, as JSON with masks as COCO's run lengths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from particleforge.errors import UserError
from particleforge.plain_data import read_json
from particleforge.quality.instances import Instances
from particleforge.store.files import atomic_write
from particleforge.store.rle import Ints, decode, runs_of, to_text


@dataclass(frozen=True, eq=False)
class Found:
    """Particles found in an image.

    Parameters
    ----------
    particles
        The particles, with scores where these are known.
    finding
        Plain data about the detection; see `particleforge.models.detections.Detections`.
    seconds
        Time it took; None where it is not known.
    """

    particles: Instances
    finding: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None


def write_found(path: Path, found: Found, key: str) -> None:
    """Write what was found.

    Parameters
    ----------
    path
        The file.
    found
        What was found.
    key
        Text that identifies the image and the detector.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    particles = found.particles
    columns = {"score": particles.scores, "class": particles.classes}
    known = {name: list(map(_plain, values)) for name, values in columns.items() if values is not None}
    data = {
        "key": key,
        "size": list(particles.shape),
        "seconds": found.seconds,
        "finding": dict(found.finding),
        **known,
        "counts": [_counts(rows, columns, particles.shape) for rows, columns in particles.pixels()],
    }
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(data, allow_nan=False), encoding="utf-8")


def read_found(path: Path, key: str) -> Found | None:
    """Read what was found; None if there is no such file, it is damaged, or it has another key."""
    try:
        data = read_json(path)
        if data["key"] != key:
            return None
        height, width = data["size"]
        pixels = [_rows_and_columns(decode(counts, height * width), height) for counts in data["counts"]]
        bare = Instances.of_pixels(pixels, (height, width))
        scores, classes = data.get("score"), data.get("class")
        particles = Instances(
            bare.shape,
            bare.runs,
            None if scores is None else np.array(scores, float),
            None if classes is None else tuple(classes),
        )
        return Found(particles, data["finding"], data["seconds"])
    except (OSError, UserError, ValueError, KeyError, TypeError):
        return None


def _counts(rows: Ints, columns: Ints, shape: tuple[int, int]) -> str:
    return to_text(runs_of(np.sort(columns * shape[0] + rows), shape[0] * shape[1]))


def _rows_and_columns(pixels: Ints, height: int) -> tuple[Ints, Ints]:
    return pixels % height, pixels // height


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)
