"""Learn and measure on the sample data."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from particleforge.errors import UserError
from particleforge.measurement.distribution import summarize
from particleforge.measurement.particles import measure_particles
from particleforge.models.scoring import Score, score
from particleforge.step import Step
from particleforge.store.files import disk_errors
from particleforge.store.image_files import image_paths
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.verb import verb
from particleforge.workflows.learn import LearnParams, learn
from particleforge.workflows.measure import measure

SPHERES = Path(__file__).parents[1] / "sample_data" / "spheres"
"""Micrographs drawn by our own recipe, so that every true outline is known."""


@verb(lambda found, _: found, resumable=True)
def demo(out: Path | str = "demo-out", minutes: float | str = 2.0) -> Step[dict[str, Any]]:
    """Learn from ten particles, measure three micrographs, compare with the truth, and open the results in napari.

    Parameters
    ----------
    out
        Each run gets a folder 1, 2, ... in it. Default: demo-out.
    minutes
        Time to learn. Default: 2.

    Returns
    -------
    dict
        Where the results are, and how close number and mean size come to the truth.

    Raises
    ------
    UserError
        If `out` is a file, or the time is not a number above zero.
    """
    params = LearnParams.parse({"minutes": minutes})
    folder = free_folder(Path(out))
    images = SPHERES / "more" / "images"
    learned = yield from learn.steps(SPHERES / "annotated", folder / "model", params)
    measured = yield from measure.steps(learned.path, images, folder / "results")
    return {
        "learned_from_particles": learned.particles,
        "results": str(measured.out),
        "figures": str(measured.out / "figures"),
        **compare(measured.out / "labels", measured.summary["pooled"]),
        "window": _open_window(measured.out, images, folder),
    }


def free_folder(out: Path) -> Path:
    """First of the folders 1, 2, ... in `out` with neither results nor a finished model; so it is continued.

    Raises
    ------
    UserError
        If `out` is a file.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; a folder is needed.", "Choose another --out.")
    from particleforge.models.opening import is_finished

    number = 1
    while (out / str(number) / "results").exists() or is_finished(out / str(number) / "model"):
        number += 1
    return out / str(number)


def compare(found: Path, pooled: dict[str, Any]) -> dict[str, Any]:
    """Compare the labels found, and their `summarize`, with the true labels of the sample micrographs.

    A particle is right where its intersection over union with a true one is 0.5 at least.
    """
    tables, total = [], Score()
    for path in image_paths(SPHERES / "more" / "labels"):
        true = read_labels(path)
        size = read_micrograph(SPHERES / "more" / "images" / path.name).square_pixel_size_nm
        tables.append(measure_particles(true, pixel_size_nm=size))
        total += score(true, read_labels(found / path.name))
    true_sizes = summarize(pd.concat(tables))
    mean, true_mean = (side["nm"]["geometric_mean"] for side in (pooled, true_sizes))
    return {
        "particles_found": pooled["count"],
        "particles_true": true_sizes["count"],
        "found_and_right": total.hits,
        "geometric_mean_found_nm": None if mean is None else round(mean, 2),
        "geometric_mean_true_nm": round(true_mean, 2),
        "geometric_mean_error_percent": None if mean is None else round(100 * (mean / true_mean - 1), 1),
    }


def _open_window(results: Path, images: Path, folder: Path) -> str:
    """Show the results in napari where there is a display, without waiting; what napari says goes to a log."""
    command = [sys.executable, "-m", "particleforge.widgets.show", str(results.resolve()), str(images)]
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return f"no display here; where there is one: {subprocess.list2cmdline(command)}"
    log = folder / "window.log"
    with disk_errors(log), log.open("wb") as file:
        subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, start_new_session=True)
    return f"opens in napari; if it does not, see {log}"
