"""Time and memory of summary and report for tables of 100 000, a million and ten million particles.

    python benchmarks/many_rows.py [ROWS ...]

Each table is drawn: diameters are log-normal (median 40 px, GSD 1.5), the other columns are those of measured discs of
the same diameters. It is written in parts of 100 000 rows, as tiles write theirs, which takes no part in the times.
Each number of rows has a process of its own; memory is its peak, all libraries included.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from particleforge.measurement.measured import Measured
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.results import Results
from particleforge.store.row_files import RowFiles

PART, PIXEL_NM = 100_000, 0.5


def template() -> pd.DataFrame:
    """Particle table of one disc of 40 px."""
    y, x = np.mgrid[-25:26, -25:26]
    return measure_particles((y**2 + x**2 <= 20**2).astype(int), image="drawn", pixel_size_nm=PIXEL_NM)


def write(rows: RowFiles, count: int) -> None:
    """Write a drawn table."""
    one, rng = template(), np.random.default_rng(0)
    for start in range(0, count, PART):
        number = min(PART, count - start)
        table = one.loc[np.zeros(number, int)].reset_index(drop=True)
        scale = np.exp(np.log(1.5) * rng.standard_normal(number))
        for name in one:
            power = {"px": 1, "nm": 1, "px2": 2, "nm2": 2, "px3": 3, "nm3": 3}.get(name.rsplit("_", 1)[-1])
            if power is not None and one[name].dtype.kind == "f":
                table[name] *= scale**power
        shapes = {name: rng.uniform(0.7, 1, number) for name in ("circularity", "roundness", "solidity", "convexity")}
        table = table.assign(
            label=np.arange(start, start + number) + 1, weight=1 + 0.1 * scale, aspect_ratio=1 + scale / 10, **shapes
        )
        rows.write((start // PART,), table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[10**5, 10**6, 10**7], help="numbers of rows")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(given.one)
        return
    print(f"{'rows':>10} {'time (s)':>9} {'CPU (s)':>8} {'peak (MiB)':>10}")
    for count in given.rows:
        with tempfile.TemporaryDirectory() as folder:
            results = Results(Path(folder) / "results", {"command": "drawn"})
            write(results.folder.rows("drawn"), count)
            subprocess.run([sys.executable, __file__, "--one", results.out], check=True)


def measure(out: Path) -> None:
    """Summarise and report a table that is written, and print time and memory."""
    results = Results(out, {"command": "drawn"}, outputs=Outputs())
    rows = results.folder.rows("drawn")
    count, start, cpu = len(rows), time.perf_counter(), time.process_time()
    bare = Measured("drawn", pixel_size_nm=PIXEL_NM, shape=(100_000, 100_000))
    results.enter(results.writer.write_rows(bare, rows))
    results.finish()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:10d} {time.perf_counter() - start:9.1f} {time.process_time() - cpu:8.1f} {peak:10.0f}")


if __name__ == "__main__":
    main()
