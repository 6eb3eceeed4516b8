"""Files of an annotation, and where they are kept as they were before they were changed for the first time."""

from pathlib import Path

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
