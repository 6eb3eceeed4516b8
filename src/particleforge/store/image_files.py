"""Image files: suffixes, names without suffix, the images of a folder."""

from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import cast

from particleforge.errors import UserError
from particleforge.store import napari_plugins
from particleforge.store.formats import READERS, Reader, by_content, by_suffix


def image_suffixes() -> tuple[str, ...]:
    """Suffixes of all files that can be read, in lower case."""
    return tuple(sorted(by_suffix()))


def image_suffix(path: PurePath) -> str:
    """Suffix of an image file in lower case, such as ``.ome.tif``; empty for other files."""
    fitting = [suffix for suffix in by_suffix() if path.name.lower().endswith(suffix)]
    return max(fitting, key=len, default="")


def image_stem(path: PurePath) -> str:
    """Name of an image without its suffix; ``a.ome.tif`` gives ``a``."""
    suffix = image_suffix(path)
    return path.name[: -len(suffix)] if suffix else path.stem


def is_image(path: Path) -> bool:
    """Whether a path is an image file or image folder with a known suffix that is not hidden."""
    suffix = image_suffix(path)
    if path.name.startswith("."):
        return False
    if not suffix:
        return path.is_file() and napari_plugins.in_folders(path)
    return path.is_dir() if _of(suffix, "FOLDER") else path.is_file()


def reader_of(path: Path) -> tuple[Reader, tuple[str, ...]]:
    """Find the reader of a file by its suffix, or by its content if that is of another format, or a napari plugin.

    Returns
    -------
    Reader
        The reader.
    tuple of str
        A remark if it is not the reader of the suffix of a file.

    Raises
    ------
    UserError
        If there is no reader for such files.
    """
    suffix, content = image_suffix(path), by_content(path)
    own = by_suffix().get(suffix)
    if content and content != own and (own is None or _of(suffix, "STARTS")):
        remark = f"{path.name} is read as {content.upper()}, as its content shows."
        return READERS.get(content), () if path.is_dir() else (remark,)
    if own is not None:
        return READERS.get(own), ()
    if napari_plugins.plugins_for(path):
        return cast("Reader", napari_plugins), ()
    raise UserError(f"{path} is not an image that can be read.", _known())


def image_paths(folder_or_file: Path) -> list[Path]:
    """Images of a folder sorted by name, or the given image. Subfolders and hidden files are left out.

    Raises
    ------
    UserError
        If there is no image, or two differ only in the suffix.
    """
    found = _all_paths(folder_or_file)
    if doubles := sorted({*found} - {*distinct(found).values()}):
        stem, folder = image_stem(doubles[0]), doubles[0].parent
        first, second = [path.name for path in found if image_stem(path) == stem][:2]
        raise UserError(f"{first} and {second} in {folder} have the same name.", "Rename or remove one of them.")
    return found


def distinct_image_paths(folder_or_file: Path) -> list[Path]:
    """Images of a folder sorted by name, or the given image; of those that differ only in the suffix, one.

    Raises
    ------
    UserError
        If there is no image.
    """
    return sorted(distinct(_all_paths(folder_or_file)).values(), key=lambda path: path.name)


def distinct(paths: Iterable[Path]) -> dict[str, Path]:
    """Image of each name without suffix: of several a TIFF if there is one, and one with losses only as the last."""
    best: dict[str, Path] = {}
    for path in sorted(paths, key=_rank):
        best.setdefault(image_stem(path), path)
    return best


def _rank(path: Path) -> tuple[bool, bool, str]:
    suffix = image_suffix(path)
    return not _of(suffix, "PREFERRED"), _of(suffix, "LOSSY"), path.name


def _of(suffix: str, trait: str) -> bool:
    """Whether the reader of a suffix has a trait; see `Reader`."""
    name = by_suffix().get(suffix)
    return name is not None and bool(getattr(READERS.get(name), trait, False))


def _all_paths(folder_or_file: Path) -> list[Path]:
    """Images of a folder sorted by name, or the given image."""
    known = is_image(folder_or_file) or by_content(folder_or_file)
    if known or (folder_or_file.is_file() and napari_plugins.plugins_for(folder_or_file)):
        return [folder_or_file]
    if not folder_or_file.exists():
        raise UserError(f"{folder_or_file} does not exist.", "Check the path.")
    if not folder_or_file.is_dir():
        raise UserError(f"{folder_or_file} is not an image.", _known())
    found = sorted((path for path in folder_or_file.iterdir() if is_image(path)), key=lambda path: path.name)
    if not found:
        below = (path for pattern in ("*/*", "*/*/*") for path in sorted(folder_or_file.glob(pattern)))
        inside = next((path.parent for path in below if is_image(path)), None)
        hint = _known() if inside is None else f"Did you mean {inside}?"
        raise UserError(f"{folder_or_file} contains no images.", hint)
    return found


def _known() -> str:
    known = ", ".join(image_suffixes())
    return f"Supported: {known}. Save it as TIFF, or install a napari plugin that reads it."
