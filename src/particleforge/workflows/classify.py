"""Recognise the class of each image, with a classifier."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.errors import UserError, none_done
from particleforge.models.opening import open_model
from particleforge.step import Progress, Step
from particleforge.store.csv_text import csv_rows
from particleforge.store.files import atomic_write, new_folder
from particleforge.store.left_out import left_out, left_out_line
from particleforge.store.planes import Images, described, find_planes
from particleforge.store.run_folder import locked
from particleforge.store.selection import Selection
from particleforge.verb import verb

if TYPE_CHECKING:
    from particleforge.models.roles import Classifier

TABLE, SUMMARY = "classes.csv", "classes.json"


class ClassifyParams(Selection):
    """How images are read."""


@dataclass(frozen=True)
class ImageClasses:
    """Classes of images.

    Parameters
    ----------
    classes
        Every class that the classifier knows.
    images
        Probability of each class, the likeliest first, by the name of the image.
    failed
        Why images could not be classified, by name.
    """

    classes: tuple[str, ...]
    images: dict[str, dict[str, float]]
    failed: dict[str, str]

    @property
    def likeliest(self) -> dict[str, str]:
        """Likeliest class of each image."""
        return {name: next(iter(found)) for name, found in self.images.items()}


def _report(found: ImageClasses, args: Mapping[str, Any]) -> dict[str, Any]:
    counts = Counter(found.likeliest.values())
    lines: dict[str, Any] = {"results": str(args["out"])}
    lines |= {name: counts[name] for name in found.classes if counts[name]}
    if found.failed:
        lines["not_classified"] = "; ".join(f"{name} ({why})" for name, why in found.failed.items())
    return lines | {"images": found.likeliest} | left_out_line(args["images"])


@verb(_report)
def classify(
    model: Path | str | Classifier, images: Images, out: Path | str, params: ClassifyParams = ClassifyParams()
) -> Step[ImageClasses]:
    """Recognise the class of each image; write the classes with their probabilities as CSV and JSON.

    Parameters
    ----------
    model : folder or classifier
        Folder of a classifier of images, as train with --model classifier --of images writes it. Particles get their
        classes by measure with --classifier.
    images
        An image, a stack of images, or a folder of them; from Python also an array, or several of these.
    out
        New folder for classes.csv, one row per image, and classes.json.
    params
        Which part of each image is read.

    Raises
    ------
    UserError
        If the model or none of the images can be read, or `out` is not empty. A single image that cannot be read does
        not stop the run; it is listed under ``failed``.
    """
    planes = find_planes(images, selection=params)
    classifier = open_model(model, "classifier")
    with locked(Path(out)):
        new_folder(Path(out))
        found = ImageClasses(classifier.classes, {}, {})
        for number, plane in enumerate(planes):
            try:
                found.images[plane.name] = classifier.classify(plane.read())
            except UserError as error:
                if classifier.of != "images":
                    raise
                found.failed[plane.name] = str(error)
            yield Progress(
                number + 1, len(planes), f"{plane.name}: {found.likeliest.get(plane.name, 'not classified')}"
            )
        if not found.images:
            raise none_done(found.failed, "classified")
        source = {"model": str(model) if isinstance(model, (str, Path)) else None, "images": described(images)}
        _write(Path(out), found, source | {"left_out": left_out(images), "classifier": dict(classifier.provenance)})
    return found


def _write(out: Path, found: ImageClasses, source: Mapping[str, Any]) -> None:
    """Write the table and the summary."""
    rows = [
        [name, found.likeliest[name], *(f"{each[one]:.4f}" for one in found.classes)]
        for name, each in found.images.items()
    ]
    with atomic_write(out / TABLE) as path:
        path.write_text(csv_rows(["image", "class", *found.classes], rows), encoding="utf-8", newline="")
    summary = {"version": version("napari-particleforge"), **source, "classes": found.images, "failed": found.failed}
    with atomic_write(out / SUMMARY) as path:
        path.write_text(json.dumps(summary, indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8")
