"""What was not read of folders of images: files that no reader knows, and subfolders."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from particleforge.store.image_files import distinct, image_stem, image_suffix, is_image
from particleforge.store.pixel_sizes import PART, TABLE
from particleforge.store.planes import Images, One
from particleforge.store.rois import is_roi_file, is_roi_set
from particleforge.store.run_folder import NOTE
from particleforge.store.source import Source
from particleforge.store.whole_masks import SUFFIX
from particleforge.wording import plural

SUBFOLDERS, NO_SUFFIX = "subfolders", "no suffix"
SYSTEM = {"thumbs.db", "desktop.ini"}
"""Files of the system."""
PARTS = {"images", "labels", "masks", "background", PART}
"""Folders of annotations."""


def left_out(*given: Images | None) -> dict[str, int]:
    """Count what is not read of folders: files by suffix in small letters, and ``subfolders``.

    Of images that differ only in the suffix one is read; the others count as ``.jpg (.tif of the same name is read)``.

    Hidden files, files that belong to an image (``a.txt`` next to ``a.tif``), folders of annotations and folders of
    results are not counted.

    Parameters
    ----------
    given
        Images as `particleforge.store.planes.find_planes` takes them; files and arrays leave nothing out.
    """
    found: Counter[str] = Counter()
    for folder in _folders(given):
        inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
        images = {path for path in inside if is_image(path)}
        read = distinct(images)
        owners = {path.name.lower() for path in images} | {stem.lower() for stem in read}
        found.update(_double(path, other) for path in images if (other := read[image_stem(path)]) != path)
        found.update(_kind(path) for path in inside if path not in images and not _belongs(path, owners))
    return dict(sorted(found.items()))


def left_out_line(*given: Images | None) -> dict[str, str]:
    """Line of a report of a verb on what was left out; none where all was read."""
    found = left_out(*given)
    return {"left_out": left_out_sentence(found)} if found else {}


def left_out_sentence(found: Mapping[str, int]) -> str:
    """Put what was left out into a sentence, such as "Not read: 2 .xyz files, 1 subfolder."."""
    return f"Not read: {', '.join(_counted(kind, count) for kind, count in found.items())}."


def _counted(kind: str, count: int) -> str:
    if kind == SUBFOLDERS:
        return plural(count, "subfolder")
    if kind == NO_SUFFIX:
        return f"{plural(count, 'file')} without suffix"
    suffix, _, why = kind.partition(" ")
    return f"{plural(count, f'{suffix} file')} {why}".strip()


def _folders(given: Iterable[Images | None]) -> list[Path]:
    several: list[One] = []
    for images in given:
        if isinstance(images, Sequence) and not isinstance(images, (str, Source)):
            several += images
        elif images is not None:
            several.append(images)
    paths = dict.fromkeys(Path(one) for one in several if isinstance(one, (str, Path)))
    return [path for path in paths if path.is_dir() and not is_image(path)]


def _kind(path: Path) -> str:
    return SUBFOLDERS if path.is_dir() else path.suffix.lower() or NO_SUFFIX


def _double(path: Path, read: Path) -> str:
    return f"{image_suffix(path)} ({image_suffix(read)} of the same name is read)"


def _belongs(path: Path, owners: set[str]) -> bool:
    """Whether something is a companion of an image, written by us or by the system."""
    name = path.name.lower()
    if path.is_dir():
        return name in PARTS or (path / NOTE).is_file()
    stem = name.removesuffix(SUFFIX) if name.endswith(SUFFIX) else path.stem.lower()
    if stem in owners or name == TABLE or name in SYSTEM or _is_annotation(path, owners):
        return True
    return path.suffix.lower() == ".emi" and any(owner.startswith(f"{stem}_") for owner in owners)  # a.emi: a_1.ser


def _is_annotation(path: Path, owners: set[str]) -> bool:
    """Whether a file holds selections of ImageJ; other archives may lie among images."""
    among_labels = not owners or path.parent.name in ("labels", "masks")
    return is_roi_file(path) and (among_labels or path.suffix.lower() == ".roi" or is_roi_set(path))
