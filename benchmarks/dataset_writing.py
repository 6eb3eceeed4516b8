"""Speed of `synthesize` with one and two worker processes, and memory over many small samples.

``uv run python benchmarks/dataset_writing.py``. Samples are 512 px cut-paste images of 40 to 60 particles of the sample
data, drawn and written to a dataset. Rates are samples per wall-clock second, once in all (with the start of the worker
processes, which takes seconds) and once after the first quarter of the samples; the ratio is that of the latter, and
its goal is 1.7. Every run has a process of its own. Memory is the peak of a process that draws alone: once for few
samples of 64 px and once for many; equal peaks mean that memory does not grow with the dataset. On a machine that is
busy otherwise the figures mean nothing.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from particleforge.draws import Uniform
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.step import run
from particleforge.store.annotated import read_annotated

SOURCES = Path(__file__).parents[1] / "src" / "particleforge" / "sample_data" / "spheres" / "more"
MIB = 2**20 if sys.platform == "darwin" else 2**10
"""What `resource` counts memory in, per MiB."""


def measure(side_px: int, count: int, workers: int) -> dict[str, float]:
    """Draw a dataset here; rates in samples per second and peak memory in MiB."""
    particles = Uniform(low=40, high=60) if side_px >= 512 else None
    recipe = CutPaste(height_px=side_px, width_px=side_px, particles=particles)
    sources = read_annotated(SOURCES)
    with tempfile.TemporaryDirectory() as folder:
        draw_dataset(recipe, sources, Path(folder, "first.zarr"), SynthesizeParams(count=1))  # compile, then time
        params = SynthesizeParams(count=count, workers=workers)
        began = time.perf_counter()
        reports: list[tuple[float, float]] = []
        run(
            draw_dataset.steps(recipe, sources, Path(folder, "timed.zarr"), params),
            lambda progress: reports.append((time.perf_counter(), progress.done)),
        )
    last, done = reports[-1]
    warm, before = next(report for report in reports if report[1] >= count / 4)
    rates = {"in_all": done / (last - began), "later": (done - before) / (last - warm) if done > before else 0.0}
    return rates | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB}


def in_process(side_px: int, count: int, workers: int) -> dict[str, float]:
    """Measure in a fresh process."""
    command = [sys.executable, __file__, "--one", str(side_px), str(count), str(workers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000, help="512 px samples per run")
    parser.add_argument("--small", type=int, default=2000, help="64 px samples of the long memory run")
    parser.add_argument("--repeats", type=int, default=3, help="runs per number of workers, in turn")
    parser.add_argument("--one", type=int, nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return
    runs: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(options.repeats):
        for workers, found in runs.items():
            found.append(in_process(512, options.samples, workers))
    print("| workers | samples/s in all, best run | after the first quarter, best run | all runs |\n|---|---|---|---|")
    best = {workers: {name: max(one[name] for one in found) for name in found[0]} for workers, found in runs.items()}
    for workers, found in runs.items():
        every = ", ".join(f"{one['later']:.1f}" for one in found)
        print(f"| {workers} | {best[workers]['in_all']:.1f} | {best[workers]['later']:.1f} | {every} |")
    print(f"\nRatio: {best[2]['later'] / best[1]['later']:.2f} (goal: 1.7)\n")
    few = max(16, options.small // 10)
    peaks = {count: in_process(64, count, 1)["peak_mib"] for count in (few, options.small)}
    print("| 64 px samples | peak memory, MiB |\n|---|---|")
    for count, peak in peaks.items():
        print(f"| {count} | {peak:.0f} |")


if __name__ == "__main__":
    main()
