"""Annotations that somebody else made, kept as they were before they are changed for the first time."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from particleforge.store.files import atomic_write, disk_errors, new_part
from particleforge.store.image_files import image_stem

ORIGINALS = "originals"
"""Folder next to ``labels/`` that holds ``labels/NAME.*`` and ``background/NAME.*`` as they were."""
PARTS = ("labels", "background")


def files_of(folder: Path, part: str, name: str) -> list[Path]:
    """Files of an image in a part of an annotated folder, whatever their suffixes."""
    inside = folder / part
    if not inside.is_dir():
        return []
    return [path for path in sorted(inside.iterdir()) if path.name[0] != "." and image_stem(path) == name]


def are_kept(folder: Path, name: str) -> bool:
    """Whether the original labels of an image have been kept."""
    return bool(files_of(folder / ORIGINALS, "labels", name))


@contextmanager
def keeping_originals(folder: Path, name: str, again: bool = False) -> Iterator[None]:
    """Copy the annotation of an image to ``originals/`` unless that was done before.

    Files other than ``NAME.tif``, which could not be changed in place, leave their folder; if the block fails, they
    come back.

    Parameters
    ----------
    folder
        Annotated folder.
    name
        Name of the image.
    again
        Copy also if there are originals; the new copies go to a folder with a number, ``originals/2/``.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    kept = {path: _copy(path, folder / ORIGINALS, again) for part in PARTS for path in files_of(folder, part, name)}
    moved = [path for path in kept if path.name != f"{name}.tif"]
    with disk_errors(folder):
        for path in moved:
            path.unlink()
    try:
        yield
    except BaseException:
        for path in moved:
            if not path.exists():
                shutil.copy2(kept[path], path)
        raise


def _copy(path: Path, into: Path, again: bool) -> Path:
    """Copy a file of a part, and return where it is kept."""
    part, number = path.parent.name, 1
    wanted = into / part / path.name
    while again and wanted.exists():
        number += 1
        wanted = into / str(number) / part / path.name
    new_part(wanted.parent.parent, part)
    if not wanted.exists():
        with atomic_write(wanted) as temporary:
            shutil.copy2(path, temporary)
    return wanted
