"""Which images of results are the frames of which movie."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from particleforge.errors import UserError
from particleforge.measurement.arrays import Floats
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.store.source import Plane
from particleforge.wording import plural

_NUMBER = re.compile(r"_\d{5,}(?=(-\d+)?$)")
"""What the name of a plane has after that of its stack."""
Frames = Literal["time", "depth", "images"]
Entry = Mapping[str, Any]
_CHOSEN: dict[Frames, Callable[[Entry], bool]] = {
    "time": lambda entry: "frame" in entry and "depth" not in entry,
    "depth": lambda entry: "frame" in entry,
    "images": lambda entry: "frame" not in entry,
}
_HINT = (
    "Planes of stacks over depth are not linked. If they are the frames of a movie, as ImageJ often saves them, or if "
    "each frame is a file, measure first, then use the command track with --frames depth or --frames images. Results "
    "of earlier versions must be measured again."
)


@dataclass(frozen=True, eq=False)
class Movie:
    """The frames of a movie.

    Parameters
    ----------
    name
        Its name.
    images
        Name of the image by the number of the frame, in ascending order; frames that were not measured are missing.
    times
        (n,) time of each frame, in `unit`.
    unit
        Unit of time: ``s``, or ``frame`` if the time between frames is not known.
    shape
        (Y, X) of each frame.
    area_px
        Number of pixels of a frame that show the specimen.
    pixel_size_nm
        Side of a pixel; None if unknown.
    """

    name: str
    images: Mapping[int, str]
    times: Floats
    unit: Literal["s", "frame"]
    shape: tuple[int, int]
    area_px: int
    pixel_size_nm: float | None

    @property
    def length_unit(self) -> Literal["nm", "px"]:
        """Unit of lengths."""
        return "px" if self.pixel_size_nm is None else "nm"

    @property
    def rate_unit(self) -> str:
        """Unit of growth rates."""
        return f"{self.length_unit}/{self.unit}"


def check_movie(*inputs: Iterable[Plane]) -> None:
    """Check that there is a movie among what is to be measured: images, or labels and their images.

    Raises
    ------
    UserError
        If there is none.
    """
    if not any(_CHOSEN["time"](plane.columns) for planes in inputs for plane in planes):
        raise UserError("No image is a frame of a movie: there is no stack over time.", _HINT)


def movies_of(
    folder: ResultsFolder, frames: Frames, interval_s: float | None
) -> tuple[dict[str, Movie], dict[str, str]]:
    """Return the movies in results by name, and why others cannot be followed.

    Parameters
    ----------
    folder
        The results. Images that are not pooled are left out.
    frames
        See `TrackParams`.
    interval_s
        Time between frames; None: as the files state.

    Raises
    ------
    UserError
        If there is no movie, or none that can be followed.
    """
    groups: dict[str, dict[int, str]] = {}
    for name, entry in folder.images.items():
        if _CHOSEN[frames](entry):
            movie = folder.path.name if frames == "images" else _NUMBER.sub("", name)
            frame = len(groups.get(movie, ())) if frames == "images" else int(entry["frame"])
            groups.setdefault(movie, {})[frame] = name
    if not groups:
        raise UserError(f"No image in {folder.path} is a frame of a movie.", _HINT)
    found: dict[str, Movie] = {}
    refused: dict[str, str] = {}
    for name, images in groups.items():
        try:
            found[name] = _movie(name, images, folder, interval_s)
        except UserError as error:
            refused[name] = str(error)
    if not found:
        name, reason = next(iter(refused.items()))
        raise UserError(f"{name} cannot be followed. {reason}")
    return found, refused


def _movie(name: str, every: Mapping[int, str], folder: ResultsFolder, interval_s: float | None) -> Movie:
    """Check that the frames of a movie belong together."""
    left_out, entries = folder.not_pooled, folder.images
    images = {frame: image for frame, image in sorted(every.items()) if image not in left_out}
    if len(images) < 2:
        raise UserError(
            f"It has {plural(len(images), 'frame')} that can be used; at least 2 are needed.",
            "Frames that are not pooled are left out; --least-certainty 0 of measure pools all." if left_out else "",
        )
    if large := [image for image in images.values() if entries[image]["shape"] is None]:
        raise UserError(
            f"{large[0]} was measured in tiles; the particles of such large frames are not followed.",
            "Crop the movie, or measure with a higher --tiles-from-mp.",
        )
    shape = _same("shape in px", {image: tuple(entries[image]["shape"]) for image in images.values()})
    size = _same("pixel size in nm", {image: entries[image]["pixel_size_nm"] for image in images.values()})
    first, stop = next((entries[image]["rows"] for image in images.values() if entries[image]["rows"]), (0, shape[0]))
    numbers = np.fromiter(images, float)
    stated = [entries[image].get("time_s") for image in images.values()]
    known = interval_s is not None or None not in stated
    times = numbers if not known else np.array(stated, float) if interval_s is None else numbers * interval_s
    area = (stop - first) * shape[1]
    return Movie(name, images, times, "s" if known else "frame", shape, area, size)


def _same(what: str, values: Mapping[str, Any]) -> Any:
    """Return what all frames, given by name, have in common."""
    (first, expected), *_ = values.items()
    for name, value in values.items():
        if value != expected:
            raise UserError(
                f"Its frames differ in {what}: {expected} in {first}, but {value} in {name}.",
                "Give all frames the same size and scale, then measure them again.",
            )
    return expected
