"""Learn and measure on the sample data."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.measurement.headline import headline
from particleforge.quality.metric import evaluate, judge
from particleforge.step import Step
from particleforge.store.files import disk_errors
from particleforge.store.image_files import image_paths
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.verb import verb
from particleforge.workflows.learn import LearnParams, learn
from particleforge.workflows.measure import measure

SPHERES = Path(__file__).parents[1] / "sample_data" / "spheres"
"""Synthetic micrographs, so that every true outline is known."""


@verb(lambda found, _: found)
def demo(out: Path | str = "demo-out", minutes: float | str = 2.0) -> Step[dict[str, Any]]:
    """Learn from ten particles, measure three micrographs, compare with the truth, and open the results in napari.

    Parameters
    ----------
    out
        Each run gets a subfolder 1, 2, ... Default: demo-out.
    minutes
        Training time. Default: 2.

    Returns
    -------
    dict
        Where the results are, and how close the number and mean size are to the truth.

    Raises
    ------
    UserError
        If `out` is a file, or the time is not a positive number.
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
        **headline(measured.summary),
        **compare(measured.out / "labels"),
        "window": _open_window(measured.out, images, folder),
    }


def free_folder(out: Path) -> Path:
    """First of the folders 1, 2, ... in `out` with neither results nor a finished model; an interrupted run continues.

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


def compare(found: Path) -> dict[str, Any]:
    """Compare the labels found with the true ones of the sample micrographs: particle counts and all metrics."""
    images = []
    for path in image_paths(SPHERES / "more" / "labels"):
        size = read_micrograph(SPHERES / "more" / "images" / path.name).square_pixel_size_nm
        images.append(judge(read_labels(path), read_labels(found / path.name), pixel_size_nm=size))
    counts = {"particles_true": 0, "particles_found": 0, "found_and_right": 0}
    for image in images:
        hits = image.score.hits
        counts["particles_true"] += hits + image.score.missed
        counts["particles_found"] += hits + image.score.false
        counts["found_and_right"] += hits
    metrics = {name: round(value, 3) for name, value in evaluate(images).items() if value is not None}
    return counts | metrics


def _open_window(results: Path, images: Path, folder: Path) -> str:
    """Show the results in napari if there is a display, without waiting; the output of napari goes to a log."""
    command = [sys.executable, "-m", "particleforge.widgets.show", str(results.resolve()), str(images)]
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return f"no display; to open it where there is one: {subprocess.list2cmdline(command)}"
    log = folder / "window.log"
    with disk_errors(log), log.open("wb") as file:
        subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, start_new_session=True)
    return f"opening in napari; if it does not open, see {log}"
