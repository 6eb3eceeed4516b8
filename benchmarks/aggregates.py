"""Growth, descriptors and images of aggregates, next to PyFracVAL where it is given.

``uv run python benchmarks/aggregates.py [--pyfracval PYTHON]``; PYTHON is the interpreter of an environment of its own
with ``pip install pyfracval``. Both grow 100 log-normal spheres of one material (GSD 1.41) with k_f 1.3. Times are CPU
seconds of one thread; imports and the first, compiling call are left out.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from particleforge.draws import fix
from particleforge.errors import UserError
from particleforge.recipes.aggregate.descriptors import describe
from particleforge.recipes.aggregate.growth.exact import Exact
from particleforge.recipes.aggregate.growth.growth import Growth
from particleforge.recipes.aggregate.growth.paper import Paper
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.recipe import make_sample

DIMENSIONS = (1.5, 1.8, 2.1, 2.5)
PARTICLES, PREFACTOR, GSD = 100, 1.3, 1.41
PAPER_AGGREGATES = 32_400
PEER = f"""
import json, logging, sys, tempfile, time
import numpy as np
logging.disable(logging.CRITICAL)
from pyfracval.main_runner import run_simulation
config = dict(N={PARTICLES}, kf={PREFACTOR}, rp_g=5.78, rp_gstd={GSD}, tol_ov=1e-6, n_subcl_percentage=0.1, ext_case=0)
with tempfile.TemporaryDirectory() as folder:
    def grow(dimension, seed):
        return run_simulation(seed, config | dict(Df=dimension, seed=seed), folder, seed)
    grow(1.8, 0)
    found = {{}}
    for dimension in {DIMENSIONS}:
        began, good, tried, errors = time.process_time(), 0, 0, []
        while tried < int(sys.argv[1]) and time.process_time() - began < float(sys.argv[2]):
            tried += 1
            success, places, radii = grow(dimension, tried)
            if success:
                good += 1
                mass = radii**3
                centre = mass @ places / mass.sum()
                square = mass @ (((places - centre) ** 2).sum(1) + 0.6 * radii**2) / mass.sum() / radii.mean() ** 2
                errors.append(abs(2 * np.log({PARTICLES} / {PREFACTOR}) / np.log(square) - dimension))
        found[dimension] = (time.process_time() - began, tried, good, float(np.median(errors)) if errors else None)
print(json.dumps(found))
"""


def seconds(action: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    result = action()
    return time.process_time() - began, result


def growth(kind: type[Growth], dimension: float, count: int, **fields: Any) -> tuple[float, str]:
    """CPU seconds per aggregate, and a row of the table."""
    params = kind(particles=PARTICLES, fractal_dimension=dimension, **({"prefactor": PREFACTOR} | fields))

    def grow(seed: int) -> float | None:
        try:
            return abs(params.grow((Material(gsd=GSD),), np.random.default_rng(seed)).df_error)
        except UserError:
            return None

    grow(0)
    cpu, grown = seconds(lambda: [grow(seed) for seed in range(count)])
    errors = [error for error in grown if error is not None]
    row = f"{count / cpu:.0f} | {np.median(errors):.1e} | {max(errors):.1e} | {1 - len(errors) / count:.0%}"
    return cpu / count, f"| {dimension}, k_f {params.prefactor} | {kind.__name__.lower()} | {row} |"


def peer(python: str, count: int, limit_s: float) -> dict[str, Any]:
    words = [python, "-c", PEER, str(count), str(limit_s)]
    found: dict[str, Any] = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--pyfracval", metavar="PYTHON")
    parser.add_argument("--peer-count", type=int, default=5)
    parser.add_argument("--peer-limit-s", type=float, default=60, help="CPU seconds per D_f.")
    args = parser.parse_args()

    print("| D_f | mode | aggregates/s | median D_f error | largest | refused |\n|---|---|---|---|---|---|")
    exact = {}
    for dimension in DIMENSIONS:
        for kind in (Paper, Exact):
            exact[dimension], row = growth(kind, dimension, args.count)
            print(row, flush=True)
    print(growth(Exact, 2.5, args.count // 8, prefactor=2.0)[1], flush=True)

    recipe, rng = Aggregate(), np.random.default_rng(0)
    fixed = [fix(recipe, rng) for _ in range(args.count)]
    grown = [one.growth.grow(one.materials, rng) for one in fixed]
    names, densities = ("WO3", "TiO2"), tuple(one.density_g_cm3 for one in recipe.materials)
    describe(grown[0], names, densities)
    cpu, _ = seconds(lambda: [describe(spheres, names, densities) for spheres in grown])
    print(f"\ndescriptors: {PAPER_AGGREGATES * cpu / args.count:.0f} s for {PAPER_AGGREGATES} aggregates", flush=True)
    for side, pixel in ((512, 0.5), (256, 1.0)):
        sized = recipe.replace(height_px=side, width_px=side, pixel_size_nm=pixel)
        make_sample(sized, None, 0, 0)
        cpu, _ = seconds(lambda sized=sized: [make_sample(sized, None, 0, i) for i in range(args.count // 4)])
        each = cpu / (args.count // 4)
        print(
            f"{side} px: {1 / each:.0f} images/s grown and imaged, {PAPER_AGGREGATES * each / 120:.0f} min of 2 cores "
            f"for {PAPER_AGGREGATES}",
            flush=True,
        )

    if args.pyfracval:
        print(
            "\n| D_f | PyFracVAL, s per success | of tries | median D_f error | ours, s | ratio |\n"
            "|---|---|---|---|---|---|"
        )
        for name, (cpu, tried, good, error) in peer(args.pyfracval, args.peer_count, args.peer_limit_s).items():
            each, mine = cpu / max(good, 1), exact[float(name)]
            missed, error = ("", f"{error:.1e}") if good else ("> ", "")
            print(
                f"| {name} | {missed}{each:.2f} | {good} of {tried} | {error} | {mine:.5f} | "
                f"{missed}{each / mine:.0f} |"
            )


if __name__ == "__main__":
    sys.exit(main())
