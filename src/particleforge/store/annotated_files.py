"""Which files of a folder of annotated micrographs belong to each other, by their names."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from particleforge.errors import UserError
from particleforge.store.image_files import image_paths, image_stem, is_image
from particleforge.store.rois import ROI_SET, is_roi_file, is_roi_set

NEEDED = (
    "It needs images/NAME.tif and labels/NAME.tif (or masks/, or selections of ImageJ, NAME.zip), and "
    "background/NAME.tif for partly annotated images. Other formats: `particleforge import`, then use the dataset."
)


@dataclass(frozen=True)
class AnnotatedFiles:
    """Files of an annotated image.

    Parameters
    ----------
    image
        The image, which may be a stack.
    labels
        Its label image, or its selections in ImageJ; None if there is none.
    strokes
        Its background strokes, if there are any.
    verdicts
        The table of verdicts on its labels, if there is one.
    """

    image: Path
    labels: Path | None
    strokes: Path | None
    verdicts: Path | None = None


def annotated_files(folder: Path) -> list[AnnotatedFiles]:
    """Find the annotated images of a folder, sorted by name.

    Images are in ``images/``, label images in ``labels/`` or ``masks/``, strokes in ``background/``, verdicts on found
    particles in ``verdicts/``. Selections of ImageJ are in the folder of the label images or next to the images, called
    after their image (``a.zip``, ``a_RoiSet.zip``, ``a.roi``), or ``RoiSet.zip`` if there is only one image; with them,
    images need no folder.

    Raises
    ------
    UserError
        If a folder is missing, there are both ``labels/`` and ``masks/``, a file belongs to no image, or an image has
        labels twice.
    """
    place, part = _image_folder(folder), label_folder(folder)
    images = {image_stem(path): path for path in image_paths(place)}
    rois = _matched_rois(place, part, images)
    if part is None and not rois:
        raise UserError(f"{folder} has no folder labels/.", NEEDED)
    only_rois = part is None or (rois and not any(map(is_image, part.iterdir())))
    labels = {} if only_rois or part is None else _matched(image_paths(part), images)
    for stem in sorted(labels.keys() & rois.keys()):
        raise UserError(f"{stem} is annotated twice: in {labels[stem]} and in {rois[stem]}.", "Remove one of them.")
    found = labels | rois
    background = folder / "background"
    has_strokes = background.is_dir() and any(background.iterdir())
    strokes = _matched(image_paths(background), images) if has_strokes else {}
    tables = sorted((folder / "verdicts").glob("[!.]*.csv"))
    verdicts = _matched(tables, images)
    return [
        AnnotatedFiles(path, found.get(stem), strokes.get(stem), verdicts.get(stem)) for stem, path in images.items()
    ]


def label_folder(folder: Path) -> Path | None:
    """Folder of the label images in an annotated folder, None if there is none.

    Raises
    ------
    UserError
        If there are two.
    """
    found = [folder / part for part in ("labels", "masks") if (folder / part).is_dir()]
    if len(found) > 1:
        raise UserError(
            f"{folder} has labels/ and masks/; only one of them can hold the annotation.", "Rename or remove the other."
        )
    return found[0] if found else None


def has_rois(folder: Path) -> bool:
    """Whether an annotated folder holds selections of ImageJ."""
    places = [folder / "images", folder / "labels", folder / "masks", folder]
    return any(_is_roi_set(path) for place in places if place.is_dir() for path in place.iterdir())


def roi_owner(path: Path, names: Collection[str]) -> str | None:
    """Name of the image that a file of selections belongs to, of those in its folder; None if it is not clear."""
    if path.stem in names:
        return path.stem
    rest = ROI_SET.sub("", path.stem)
    if rest != path.stem and not rest and len(names) == 1:
        return next(iter(names))
    return rest if rest in names else None


def _is_roi_set(path: Path) -> bool:
    """Whether a path is surely a file of selections, or one that is called like an image next to it."""
    if not is_roi_file(path):
        return False
    named = path.suffix.lower() == ".roi" or is_roi_set(path)
    images = {image_stem(other) for place in (path.parent, path.parent.parent / "images") for other in _images(place)}
    return named or path.stem in images


def _images(place: Path) -> Iterable[Path]:
    return filter(is_image, place.iterdir()) if place.is_dir() else ()


def _image_folder(folder: Path) -> Path:
    if (folder / "images").is_dir():
        return folder / "images"
    if folder.is_dir() and any(map(is_image, folder.iterdir())) and has_rois(folder):
        return folder
    raise UserError(f"{folder} has no folder images/.", NEEDED)


def _matched(paths: Iterable[Path], images: Collection[str]) -> dict[str, Path]:
    """Files by name; each must belong to an image."""
    found = {image_stem(path): path for path in paths}
    for stem, path in found.items():
        if stem not in images:
            raise UserError(
                f"{path} has no matching image: images/ contains no {stem}.*.", "Add the image or remove this file."
            )
    return found


def _matched_rois(place: Path, part: Path | None, images: Collection[str]) -> dict[str, Path]:
    """Files of selections by the name of their image; other archives next to images are left alone."""
    found: dict[str, Path] = {}
    for inner in filter(None, (place, part)):
        for path in sorted(filter(is_roi_file, inner.iterdir())):
            owner = roi_owner(path, images)
            if owner is None:
                if inner == place and not _is_roi_set(path):
                    continue
                raise UserError(
                    f"{path} has no matching image: none of the {len(images)} images is called so.",
                    "Call it NAME.zip after its image; RoiSet.zip belongs to the image if there is only one.",
                )
            if found.setdefault(owner, path) != path:
                raise UserError(f"{owner} is annotated twice: in {found[owner]} and in {path}.", "Remove one of them.")
    return found
