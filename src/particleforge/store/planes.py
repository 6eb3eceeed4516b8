"""The planes of images: one iteration for files, folders, stacks and arrays."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, cast

import numpy as np

from particleforge.errors import UserError, printable
from particleforge.micrograph import Micrograph
from particleforge.store.image_files import distinct_image_paths, image_stem, is_image
from particleforge.store.image_series import folder_series
from particleforge.store.micrographs import open_source
from particleforge.store.pixels import Pages, Pixels
from particleforge.store.selection import ALL, Selection
from particleforge.store.source import Plane, Source
from particleforge.store.urls import is_url, url_stem

One: TypeAlias = str | Path | Micrograph | Source | Pixels
Images: TypeAlias = One | Sequence[One]
"""An image or a folder of images, a URL, an array, a micrograph, a source; or several of these."""

Open: TypeAlias = Callable[[], Source]


class Planes:
    """The planes of images, one after another. Only the current image is kept open.

    Parameters
    ----------
    images
        Functions that open each image, by its name.

    Raises
    ------
    UserError
        If there is no plane, or two have the same name.
    """

    def __init__(self, images: Mapping[str, Open]) -> None:
        if not images:
            raise UserError("There is no image.", "Give an image, or a folder of images.")
        self._images = images
        self._at_hand: tuple[str, Source] | None = None
        self._places: dict[str, tuple[str, int]] = {}
        for image in images:
            for number, plane in enumerate(self._opened(image)):
                if plane.name in self._places:
                    raise UserError(f"Two images are called {plane.name}.", "Rename one of them.")
                self._places[plane.name] = image, number
        if not self._places:
            raise UserError(f"{next(iter(images))} contains no image.", "Choose another image.")

    @property
    def names(self) -> list[str]:
        """Name of each plane."""
        return list(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Plane]:
        return map(self.get, self._places)

    def __getstate__(self) -> dict[str, Any]:
        """Without the open image, for other processes."""
        return {**vars(self), "_at_hand": None}

    def get(self, name: str) -> Plane:
        """Plane with a name.

        Raises
        ------
        UserError
            If its file has fewer planes than before.
        """
        image, number = self._places[name]
        source = self._opened(image)
        if number >= len(source):
            raise UserError(
                f"{name} is no longer there: {image} cannot be opened any more, or was replaced.",
                "Run the same command again.",
            )
        return source[number]

    def _opened(self, image: str) -> Source:
        if self._at_hand is None or self._at_hand[0] != image:
            try:
                self._at_hand = image, self._images[image]()
            except UserError as error:
                self._at_hand = image, _broken(image, error)
        return self._at_hand[1]


def described(images: Images | None) -> Any:
    """Plain data that identifies the images: paths, otherwise names and shapes."""
    if images is None or isinstance(images, (str, Path)):
        return images and printable(str(images))
    if isinstance(images, Sequence) and not isinstance(images, Source):
        return [described(one) for one in images]
    pixels = images.pixels if isinstance(images, (Micrograph, Source)) else images
    name = images.name if isinstance(images, (Micrograph, Source)) else "array"
    return f"{name}, {' x '.join(map(str, pixels.shape))} {pixels.dtype}"


def find_planes(
    images: Images,
    open_file: Callable[[Path | str, Selection], Source] = open_source,
    selection: Selection = ALL,
    as_series: bool = False,
) -> Planes:
    """Planes of images; nothing is read yet.

    Parameters
    ----------
    images
        See `Images`. Arrays have the axes (Y, X), (Y, X, 3 or 4 colours), (T, Y, X) or (T, Y, X, colours); for others
        use a `Micrograph` or a `Source`, which name their axes.
    open_file
        Function that opens a file, such as `particleforge.store.labels.open_labels`.
    selection
        Which part of each image is read.
    as_series
        Whether the images of a folder are the frames of one series.

    Raises
    ------
    UserError
        If there is no image, or two have the same name.
    """
    several = isinstance(images, Sequence) and not isinstance(images, (str, Source))
    given = cast("Sequence[One]", images) if several else (cast("One", images),)
    found: dict[str, Open] = {}
    opens = partial(_opened, open_file, selection)
    for number, one in enumerate(given):
        for name, opened in _images(one, f"image_{number:05d}" if several else "image", opens, selection, as_series):
            if found.setdefault(name, opened) is not opened:
                raise UserError(f"Two images are called {name}.", "Rename one of them.")
    return Planes(found)


def _images(
    one: One, name: str, opens: Callable[[Path | str], Source], selection: Selection, as_series: bool
) -> Iterable[tuple[str, Open]]:
    """Name of each image and the function that opens it."""
    if is_url(one):
        return [(url_stem(one), partial(opens, one))]
    if isinstance(one, (str, Path)):
        path = Path(one)
        if as_series and path.is_dir() and not is_image(path):
            return [(printable(path.name), partial(folder_series, path, opens))]
        return [(printable(image_stem(path)), partial(opens, path)) for path in distinct_image_paths(path)]
    source = _as_source(one, name)
    return [(source.name, lambda: selection.of(source))]


def _opened(open_file: Callable[[Path | str, Selection], Source], selection: Selection, image: Path | str) -> Source:
    return open_file(image, selection)


def _as_source(one: Micrograph | Source | Pixels, name: str) -> Source:
    if isinstance(one, Source):
        return one
    if isinstance(one, Micrograph):
        about: dict[str, Any] = {
            "pixel_size_nm": one.pixel_size_nm,
            "remarks": one.remarks,
            "size_remarks": one.size_remarks,
        }
        return Source.of(one.pixels, one.axes, name=one.name or name, **about)
    colours = len(one.shape) > 2 and one.shape[-1] in (3, 4)
    axes = {2: "YX", 3: "YXC" if colours else "TYX", 4: "TYXC" if colours else ""}.get(len(one.shape))
    if not axes or np.dtype(one.dtype).kind not in "buif":
        raise UserError(
            f"An array of shape {tuple(one.shape)} and type {one.dtype} is not an image or a stack of images.",
            "Name its axes: Micrograph(pixels, axes='TZYX').",
        )
    return Source.of(one, axes, name=name)


def _broken(name: str, error: UserError) -> Source:
    """Source of a file that cannot be opened: its one plane cannot be read."""

    def read(_: int) -> NoReturn:
        raise error

    return Source.of(Pages((), (1, 1), np.uint8, read), "YX", name=name)
