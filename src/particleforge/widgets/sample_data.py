"""Sample micrographs as napari layers; the script that made them is next to them."""

from dataclasses import replace
from pathlib import Path

from particleforge.sample import Sample
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.widgets.files import LayerData, sample_layers

FOLDER = Path(__file__).parents[1] / "sample_data"


def spheres() -> list[LayerData]:
    """Spheres with their true outlines; the file states the pixel size."""
    return _layers(FOLDER / "spheres" / "more", "spheres_1.tif", "spheres")


def rods() -> list[LayerData]:
    """Rods with their true outlines; a burnt-in scale bar gives the pixel size."""
    return _layers(FOLDER / "rods", "rods.tif", "rods")


def _layers(folder: Path, file: str, name: str) -> list[LayerData]:
    micrograph = replace(read_micrograph(folder / "images" / file), name=name)
    (pixels, image, _), (labels, particles, _) = sample_layers(
        Sample(micrograph, read_labels(folder / "labels" / file))
    )
    return [(pixels, image, "image"), (labels, particles | {"name": "particles"}, "labels")]
