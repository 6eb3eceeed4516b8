"""Selections of ImageJ wherever label images are measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from particleforge.errors import UserError
from particleforge.store.annotated_files import roi_owner
from particleforge.store.image_files import distinct, image_stem, is_image
from particleforge.store.micrographs import open_source
from particleforge.store.pixels import Pages
from particleforge.store.planes import Images
from particleforge.store.rois import is_roi_file, read_rois
from particleforge.store.selection import ALL, Selection
from particleforge.store.source import Source


def with_rois(labels: Images, images: Images | None = None, selection: Selection = ALL) -> Images:
    """Replace the files of selections of ImageJ among label images by sources of labels.

    Parameters
    ----------
    labels
        A file of selections, or a folder with such files; anything else is returned as it is.
    images
        Where the images are on which they were drawn; otherwise they are sought next to the selections and in
        ``images/`` next to their folder.
    selection
        Which part of each image was annotated.
    """
    if not isinstance(labels, (str, Path)):
        return labels
    place = Path(labels)
    folder = place.parent if is_roi_file(place) else place
    if not folder.is_dir() or is_image(folder):
        return labels
    rois = [place] if is_roi_file(place) else sorted(filter(is_roi_file, folder.iterdir()))
    found = distinct(path for where in _places(folder, images) for path in _image_files(where))
    owners = {path: roi_owner(path, found) for path in rois}
    rois = [path for path in rois if owners[path] or path == place or not any(map(is_image, folder.iterdir()))]
    if not rois:
        return labels
    others = distinct(_image_files(folder)) if place == folder else {}
    label_images = [path for stem, path in sorted(others.items()) if stem not in owners.values()]
    return [*(_source(path, owners[path], found, selection) for path in rois), *label_images]


def _places(folder: Path, images: Images | None) -> list[Path]:
    given = [Path(images)] if isinstance(images, (str, Path)) else []
    return given or [folder, folder.parent / "images"]


def _image_files(place: Path) -> list[Path]:
    if is_image(place):
        return [place]
    return sorted(filter(is_image, place.iterdir())) if place.is_dir() else []


def _source(path: Path, owner: str | None, images: Mapping[str, Path], selection: Selection) -> Source:
    """Labels of a file of selections; what is wrong with it is raised when they are read."""
    try:
        if owner is None:
            raise UserError(
                f"{path}: the image on which its selections were drawn is not there.",
                "Give the images, and call the selections NAME.zip after their image.",
            )
        return roi_source(path, open_source(images[owner], selection))
    except UserError as error:
        return _broken(owner or image_stem(path), error)


def roi_source(path: Path, image: Source) -> Source:
    """Labels of a file of selections of ImageJ on the planes of an image.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    sides = dict(zip(image.axes, image.pixels.shape, strict=True))
    shape, rois = (sides["Y"], sides["X"]), read_rois(path)
    if image.lengths:
        on_planes = [rois.on_stack().on_plane(plane.number, plane.index) for plane in image]
    else:
        on_planes = [rois.on_single_image()]

    def read(number: int) -> npt.NDArray[np.uint32]:
        return on_planes[number].labels(shape)[0]

    remarks = list(rois.remarks)
    for number, here in enumerate(on_planes):
        remarks += [f"Plane {number}: {one}" if image.lengths else one for one in here.labels(shape)[1]]
    about: dict[str, Any] = {
        "pixel_size_nm": image.pixel_size_nm,
        "interval_s": image.interval_s,
        "remarks": tuple(remarks),
        "size_remarks": image.size_remarks,
    }
    pages = Pages(tuple(image.lengths.values()), shape, np.uint32, read)
    return Source.of(pages, f"{''.join(image.lengths).upper()}YX", path, image.name, **about)


def _broken(name: str, error: UserError) -> Source:
    def read(_: int) -> NoReturn:
        raise error

    return Source.of(Pages((), (1, 1), np.uint32, read), "YX", name=name)
