"""A movie whose particles were followed, as layers: its frames, its particles, and their tracks."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer, Tracks

from particleforge.measurement.columns import SIZES
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.tracking.movies import Movie, movies_of
from particleforge.measurement.tracking.params import TrackParams
from particleforge.store.pixels import LazyPixels, Pages
from particleforge.store.planes import Planes
from particleforge.widgets.active import KEY
from particleforge.widgets.files import geometry
from particleforge.widgets.frame_sizes import FrameSizes

if TYPE_CHECKING:
    import dask.array as da
    from napari import Viewer

Read = Callable[[str], npt.NDArray[Any]]


def followed(results: ResultsFolder) -> dict[str, Movie]:
    """Return the movies in results whose particles were followed."""
    entries: Mapping[str, Mapping[str, Any]] = results.summary.get("movies", {})
    known = {name: TrackParams.parse(entry["params"]) for name, entry in entries.items() if "params" in entry}
    if not known:
        return {}
    first = next(iter(known.values()))
    movies, _ = movies_of(results, first.frames, first.interval_s)
    return {name: movie for name, movie in movies.items() if name in known}


def movie_layers(results: ResultsFolder, movie: Movie, planes: Planes) -> list[Layer]:
    """Make the layers of a movie; frames are read when they are shown.

    Frames that were not measured are empty. Tracks are coloured by the sizes of the particles; along the first axis lie
    the times of the frames, where these are known.

    Parameters
    ----------
    results
        The results.
    movie
        One of `followed`.
    planes
        The images that were measured.
    """

    def pixels(name: str) -> npt.NDArray[Any]:
        micrograph = planes.get(name).read()
        return micrograph.pixels if micrograph.axes == "YX" else micrograph.grey

    place = _place(movie)
    about = {"metadata": {KEY: {"role": "movie", "name": movie.name}}, **place}
    image = Image(_stack(pixels, movie), name=movie.name, **about)
    labels = Labels(_stack(results.labels, movie), name=f"{movie.name} particles", opacity=0.4, **about)
    return [image, labels, *_tracks(results, movie, about)]


def movie_sizes(viewer: "Viewer", results: ResultsFolder, movie: Movie) -> FrameSizes:
    """Make the view of the sizes of the counted particles in the frame that is shown.

    Parameters
    ----------
    viewer
        Shows the movie.
    results, movie
        See `movie_layers`.
    """
    table, size = results.table(), f"{results.rules.size}_{movie.length_unit}"
    table = table[table["weight"] > 0]
    sizes = {
        frame: table.loc[table["image"] == name, size].dropna().to_numpy(float) for frame, name in movie.images.items()
    }
    return FrameSizes(
        viewer, sizes, f"{SIZES[results.rules.size].title.capitalize()} ({movie.length_unit})", min(movie.images)
    )


def _tracks(results: ResultsFolder, movie: Movie, about: Mapping[str, Any]) -> list[Layer]:
    """Make the layer of the tracks with at least two particles; none if there are none."""
    table = results.table()
    size = f"{results.rules.size}_{movie.length_unit}"
    table = table[table["image"].isin(movie.images.values())][["track", "frame", "y_px", "x_px", size]]
    table = table[table.duplicated("track", keep=False)].sort_values(["track", "frame"])
    if not len(table):
        return []
    data = table[["track", "frame", "y_px", "x_px"]].to_numpy(float)
    data[:, 1] -= min(movie.images)
    sizes = {"track": data[:, 0], size: table[size].to_numpy(float)}
    tracks = Tracks(data, name=f"{movie.name} tracks", features=sizes, **about)
    tracks.color_by = size
    return [tracks]


def _stack(read: Read, movie: Movie) -> "da.Array":
    """Frames one after another, read when they are needed."""
    import dask.array as da

    first, last = min(movie.images), max(movie.images)
    dtype = read(movie.images[first]).dtype

    def frame(number: int) -> npt.NDArray[Any]:
        image = movie.images.get(first + number)
        return np.zeros(movie.shape, dtype) if image is None else read(image)

    pages = Pages((last - first + 1,), movie.shape, dtype, frame)
    found: da.Array = da.from_array(LazyPixels(pages, range(3)), chunks=(1, *movie.shape))
    return found


def _place(movie: Movie) -> dict[str, Any]:
    """Scale, units and place: the time of the first frame, if it is known."""
    size = movie.pixel_size_nm
    place = geometry(None if size is None else (size, size), 3)
    if movie.unit == "frame":
        return place
    span = max(movie.images) - min(movie.images)
    interval = float(movie.times[-1] - movie.times[0]) / span
    scale, units = (interval, *place["scale"][1:]), ("s", *place["units"][1:])
    return {"scale": scale, "units": units, "translate": (float(movie.times[0]), 0.0, 0.0)}
