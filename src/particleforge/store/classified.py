"""Folders of annotated micrographs whose images or particles have classes.

Either each class is a folder of images, ``images/CLASS/NAME.*``, or a table ``classes.csv`` stands next to ``images/``:
``name`` and ``class`` of each image, with ``label`` for the class of a single particle, and ``group`` for images that
belong together, such as those of one publication or one preparation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.errors import UserError
from particleforge.sample import CLASS, GROUP, Sample
from particleforge.store.annotated import check_learnable, read_annotated
from particleforge.store.annotated_files import has_rois, label_folder
from particleforge.store.image_files import image_paths, is_image
from particleforge.store.micrographs import read_micrograph
from particleforge.store.selection import ALL, Selection

if TYPE_CHECKING:
    import pandas as pd

TABLE = "classes.csv"
HINT = f"{TABLE} needs the columns name and class, and may have label and group."


def read_examples(folder: Path, selection: Selection = ALL) -> list[Sample]:
    """Read an annotated folder, with the classes of its images or particles if there are any.

    The class of an image, and its group, are among the targets of its sample; classes of particles are in its truth.
    Images in folders of classes, and those in a table next to which there are no labels, have no known particles.

    Raises
    ------
    UserError
        As `read_annotated`; if a class has no image, or the table names an image or a particle that is not there.
    """
    if classes := _class_folders(folder):
        return [sample for place in classes for sample in _of_class(place, selection)]
    if not (folder / TABLE).is_file():
        return read_annotated(folder, selection)
    if label_folder(folder) is None and not has_rois(folder):
        samples = list(_bare(folder / "images", selection))
    else:
        samples = read_annotated(folder, selection)
    return _with_table(samples, folder / TABLE)


def _class_folders(folder: Path) -> list[Path]:
    """Folders of classes in the folder of images; none if images lie directly in it, or there are labels."""
    place = folder / "images"
    if not place.is_dir() or label_folder(folder) is not None or any(map(is_image, place.iterdir())):
        return []
    return sorted(inner for inner in place.iterdir() if inner.is_dir() and not inner.name.startswith("."))


def _of_class(place: Path, selection: Selection) -> Iterator[Sample]:
    found = list(_bare(place, selection))
    if not found:
        raise UserError(f"The folder of the class {place.name}, {place}, has no image.", "Add images or remove it.")
    yield from (replace(sample, targets={CLASS: place.name}) for sample in found)


def _bare(place: Path, selection: Selection) -> Iterator[Sample]:
    for path in image_paths(place):
        micrograph = read_micrograph(path, selection)
        check_learnable(micrograph)
        yield Sample.unlabelled(micrograph)


def _with_table(samples: Sequence[Sample], path: Path) -> list[Sample]:
    table = _read_table(path)
    known = {sample.name for sample in samples}
    if strange := sorted(set(table["name"]) - known):
        raise UserError(f"{path}: there is no image {strange[0]}.", "Names of images are given without their suffix.")
    rows = dict(iter(table.groupby("name")))
    return [_classified(sample, rows[sample.name], path) if sample.name in rows else sample for sample in samples]


def _read_table(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UserError(f"{path} cannot be read as a table ({error}).", HINT) from error
    if lacking := sorted({"name", CLASS} - set(table.columns)):
        raise UserError(f"{path} has no column {lacking[0]}.", HINT)
    return table


def _classified(sample: Sample, rows: pd.DataFrame, path: Path) -> Sample:
    of_particles = rows[rows["label"] != ""] if "label" in rows else rows[:0]
    of_image = rows.drop(of_particles.index)
    if len(of_image) > 1:
        raise UserError(f"{path}: {sample.name} has {len(of_image)} rows without a label.", "One class per image.")
    targets = dict(sample.targets)
    if name := next(iter(of_image[CLASS]), ""):
        targets[CLASS] = name
    if name := next(iter(rows.get(GROUP, ())), ""):
        targets[GROUP] = name
    truth = sample.truth if of_particles.empty else _truth(sample, of_particles, path)
    return replace(sample, targets=targets, truth=truth)


def _truth(sample: Sample, rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    numbers = rows["label"].str.strip()
    there = set(sample.labels.ravel().tolist())
    for text in numbers:
        if not text.isdigit() or int(text) not in there or not int(text):
            raise UserError(f"{path}: {sample.name} has no particle with the label {text!r}.", "Correct the table.")
    return rows[[CLASS]].assign(label=numbers.astype(int)).reset_index(drop=True)[["label", CLASS]]
