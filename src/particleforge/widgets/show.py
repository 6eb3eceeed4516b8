"""Results of a measurement in napari: ``python -m particleforge.widgets.show RESULTS IMAGES``."""

import argparse
import sys
from pathlib import Path
from typing import Any

import napari
import pandas as pd
from napari.layers import Image, Labels

from particleforge.errors import UserError
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.micrograph import Micrograph
from particleforge.store.planes import find_planes
from particleforge.store.selection import Selection
from particleforge.widgets.movie import followed, movie_layers, movie_sizes
from particleforge.widgets.overlays import grid, scale_bar

MOST_ROWS = 1_000_000
"""Labels with higher ids get no features, because features need a row for every lower id."""


def show(results: Path, images: Path) -> napari.Viewer:
    """Open a viewer with every measured micrograph and its particles.

    Each micrograph is an Image layer with a Labels layer above it; several are shown side by side. Features of the
    labels are the rows of ``particles.csv``; row i belongs to label i. A movie whose particles were followed is a stack
    with its tracks, and the sizes in the frame shown follow the slider.

    Parameters
    ----------
    results
        Folder written by `measure` or `sizes`.
    images
        The image, stack or folder of images that was measured.

    Raises
    ------
    UserError
        If there are no results, or an image of them is missing.
    """
    measured = ResultsFolder.open(results)
    sizes, table = {name: entry["pixel_size_nm"] for name, entry in measured.images.items()}, measured.table()
    as_series = bool(measured.provenance.get("params", {}).get("as_series"))
    planes = find_planes(images, selection=Selection.among(measured.provenance), as_series=as_series)
    missing = sorted({*sizes} - {*planes.names})
    if missing:
        raise UserError(
            f"{images} does not contain the measured image {missing[0]}.", "Give the images these results come from."
        )
    viewer = napari.Viewer(title=f"ParticleForge: {results}")
    movies = followed(measured)
    for movie in movies.values():
        for layer in movie_layers(measured, movie, planes):
            viewer.add_layer(layer)
        viewer.window.add_dock_widget(movie_sizes(viewer, measured, movie), name=f"Sizes in {movie.name}")
        for name in movie.images.values():
            del sizes[name]
    for name, pixel_size_nm in reversed(sizes.items()):
        geometry: dict[str, Any] = {}
        if pixel_size_nm is not None:
            geometry = {"scale": (pixel_size_nm, pixel_size_nm), "units": ("nm", "nm")}
        labels = measured.labels(name)
        found = features(table[table["image"] == name].drop(columns="image"), int(labels.max(initial=0)))
        viewer.add_layer(Image(_shown(planes.get(name).read()), name=name, **geometry))
        viewer.add_layer(Labels(labels, name=f"{name} particles", opacity=0.5, features=found, **geometry))
    grid(viewer).stride, grid(viewer).enabled = 2, len(sizes) > 1 and not movies
    scale_bar(viewer).visible = True
    viewer.reset_view()
    return viewer


def features(table: pd.DataFrame, highest: int) -> pd.DataFrame | None:
    """Table with a row for every id from 0 (background) to `highest`, empty for ids without a particle."""
    if highest > MOST_ROWS:
        return None
    dense = table.set_index("label").reindex(range(highest + 1))
    return dense.reset_index(names="label").dropna(axis="columns", how="all")


def main() -> int:
    """Show the results named on the command line until the window is closed."""
    parser = argparse.ArgumentParser(prog="python -m particleforge.widgets.show", description="Show results in napari.")
    parser.add_argument("results", type=Path, help="Folder written by measure or sizes.")
    parser.add_argument("images", type=Path, help="The images that were measured.")
    args = parser.parse_args()
    try:
        show(args.results, args.images)
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    napari.run()
    return 0


def _shown(micrograph: Micrograph) -> Any:
    return micrograph.pixels if micrograph.axes == "YX" else micrograph.grey


if __name__ == "__main__":
    sys.exit(main())
