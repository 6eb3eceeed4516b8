"""Estimate parameters of a recipe from images of one material, with an estimator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.measurement.report.warnings import remarks_on
from particleforge.micrograph import GivenPixelSize, Micrograph
from particleforge.models.opening import open_model, shadow_line
from particleforge.plain_data import read_json
from particleforge.step import Progress, Step
from particleforge.store.csv_text import csv_rows
from particleforge.store.files import atomic_write, new_folder
from particleforge.store.left_out import left_out, left_out_line
from particleforge.store.planes import Images, described, find_planes
from particleforge.store.run_folder import locked
from particleforge.store.selection import Selection
from particleforge.store.source import Plane
from particleforge.verb import verb
from particleforge.wording import plural

if TYPE_CHECKING:
    from particleforge.models.roles import Estimate, Estimator

TABLE, SUMMARY = "estimate.csv", "estimate.json"


class EstimateParams(Selection, GivenPixelSize):
    """How images are read."""


def estimates_report(found: Sequence[Estimate], args: Mapping[str, Any]) -> dict[str, Any]:
    """Values with their standard errors, as text and as data."""
    lines = {
        one.parameter: f"{one.value:.3f}" + ("" if one.standard_error is None else f" ± {one.standard_error:.3f}")
        for one in found
    }
    data = [
        {"parameter": one.parameter, "value": one.value, "standard_error": one.standard_error, "spread": one.spread}
        for one in found
    ]
    return {
        "results": str(args["out"]),
        **lines,
        "estimates": data,
        **_remarks_line(Path(args["out"])),
        **left_out_line(args["images"]),
        **shadow_line(args["model"]),
    }


@verb(estimates_report)
def estimate(
    model: Path | str | Estimator, images: Images, out: Path | str, params: EstimateParams = EstimateParams()
) -> Step[list[Estimate]]:
    """Estimate parameters of a recipe from images of a single material; write them as CSV and JSON.

    Parameters
    ----------
    model : name, folder or estimator
        Folder of an estimator, or hetero: the built-in one for hetero-aggregates.
    images
        An image, a stack of images, or a folder of them, all of a single material; ten are typical. From Python also
        an array, or several of these.
    out
        New folder for estimate.csv, one row per image, and estimate.json with the estimates of all images together.
    params
        Pixel size.

    Raises
    ------
    UserError
        If the model or an image cannot be read, an image does not fit, or `out` is not empty.
    """
    planes = find_planes(images, selection=params)
    estimator = open_model(model, "estimator")
    with locked(Path(out)):
        new_folder(Path(out))
        yield Progress(0, 1, f"Estimating from {plural(len(planes), 'image')}")
        remarks: dict[str, Sequence[str]] = {}
        found = estimator.estimate(_read(plane, params, remarks) for plane in planes)
        folder = str(model) if isinstance(model, (str, Path)) else None
        source = {"model": folder, "images": described(images), "params": params.model_dump(mode="json")}
        source |= {"left_out": left_out(images), "remarks": remarks}
        write(Path(out), planes.names, found, source)
    yield Progress(1, 1, ", ".join(f"{one.parameter} {one.value:.3g}" for one in found))
    return found


def write(out: Path, names: Sequence[str], found: Sequence[Estimate], source: dict[str, Any]) -> None:
    """Write the table and the summary."""
    each = [one.per_image for one in found]
    rows = [[name, *(None if values is None else values[i] for values in each)] for i, name in enumerate(names)]
    with atomic_write(out / TABLE) as path:
        path.write_text(csv_rows(["image", *(one.parameter for one in found)], rows), encoding="utf-8", newline="")
    summary = {
        "version": version("napari-particleforge"),
        **source,
        "count": len(names),
        "estimates": {
            one.parameter: {
                "value": one.value,
                "in_recipe": one.in_recipe,
                "spread": one.spread,
                "standard_error": one.standard_error,
                "limits": list(one.limits),
                "held_out_errors": dict(one.held_out),
            }
            for one in found
        },
    }
    with atomic_write(out / SUMMARY) as path:
        path.write_text(json.dumps(summary, indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8")


def _read(plane: Plane, params: EstimateParams, remarks: dict[str, Sequence[str]]) -> Micrograph:
    """Read an image, and note what a person should know of it."""
    micrograph = plane.read()
    if params.pixel_size_nm is not None:
        micrograph = micrograph.with_pixel_size(params.pixel_size_nm)
    if found := micrograph.all_remarks:
        remarks[plane.name] = found
    return micrograph


def _remarks_line(out: Path) -> dict[str, str]:
    """Line of the report on remarks, which are in the summary."""
    noted = read_json(out / SUMMARY)["remarks"]
    remarks = remarks_on({name: {"remarks": found} for name, found in noted.items()})
    return {"remarks": " ".join(remarks)} if remarks else {}
