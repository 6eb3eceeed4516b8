"""Measure drawn images in one process, in two, and by two workers of a Dask cluster: ``python benchmarks/workers.py``.

Each process has one thread. The images are those of our own recipe for shapes, and the detector is the built-in one.
Everything that is written is compared, so that the ratios are those of equal work. The cluster is there before it is
timed, as an existing one is; processes of ``--workers`` start within their time.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before anything reads it

import tifffile
from distributed import LocalCluster

from particleforge import MeasureParams, draw, measure
from particleforge.recipes.shapes.recipe import Shapes


def drawn(folder: Path, count: int, size_px: int) -> Path:
    folder.mkdir()
    for number, sample in enumerate(draw(Shapes(height_px=size_px, width_px=size_px), count)):
        tifffile.imwrite(folder / f"{number:03d}.tif", sample.micrograph.pixels)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=32, help="Number of images.")
    parser.add_argument("--size", type=int, default=512, help="Side of an image in px.")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        LocalCluster(n_workers=args.workers, threads_per_worker=1, dashboard_address=":0") as cluster,
    ):
        images = drawn(Path(place) / "images", args.count, args.size)
        first = drawn(Path(place) / "first", args.workers, 64)
        places = {
            "one process": {},
            f"--workers {args.workers}": {"workers": args.workers},
            f"--scheduler, {args.workers} workers": {"scheduler": cluster.scheduler_address},
        }
        seconds, written = {}, {}
        for name, where in places.items():
            params = MeasureParams(reports=False, **where)
            if "workers" not in where:  # these live on, so that libraries and detector are loaded before
                measure("base", first, Path(place) / "warm" / name / "out", params)
            began, out = time.perf_counter(), Path(place) / name / "out"
            measure("base", images, out, params)
            seconds[name], written[name] = time.perf_counter() - began, contents(out)
            print(f"{name:24} {seconds[name]:7.1f} s  {seconds['one process'] / seconds[name]:5.2f} x", flush=True)
            assert written[name] == written["one process"]


if __name__ == "__main__":
    main()
