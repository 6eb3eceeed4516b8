"""The sample micrograph as napari layers."""

from pathlib import Path
from typing import Any

from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph

FOLDER = Path(__file__).parents[1] / "sample_data" / "spheres" / "more"


def spheres() -> list[tuple[Any, dict[str, Any], str]]:
    """Layer data of one synthetic micrograph and its true particles."""
    name = "spheres_1.tif"
    micrograph = read_micrograph(FOLDER / "images" / name)
    geometry: dict[str, Any] = {}
    if micrograph.pixel_size_nm is not None:
        geometry = {"scale": micrograph.pixel_size_nm, "units": ("nm", "nm")}
    labels = read_labels(FOLDER / "labels" / name)
    return [
        (micrograph.pixels, {"name": "spheres", **geometry}, "image"),
        (labels, {"name": "particles", **geometry}, "labels"),
    ]
