"""Draw a movie of gold particles that grow in a liquid cell, follow them, and draw their growth curves.

``python docs/make_growth_movie.py OUT``: writes ``OUT/movie.tif`` and ``OUT/results``, prints the true rate next to the
one found, and draws ``docs/images/growth.png``. Particles nucleate one after another and grow at rates of their own, by
0.040 nm/s of diameter in the middle; the specimen drifts.
"""

import argparse
from pathlib import Path

import numpy as np
import tifffile

from particleforge.measurement.figures import save_figure
from particleforge.measurement.report.growth import growth_figure
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.tracking.params import TrackParams
from particleforge.recipes.aggregate.imaging.bright_field import BrightField
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.spheres import Spheres
from particleforge.recipes.aggregate.view import View
from particleforge.step import run
from particleforge.store.run_folder import locked
from particleforge.workflows._tracking import follow_movies
from particleforge.workflows.measure import MeasureParams, measure

GOLD = Material(name="Au", formula="Au", density_g_cm3=19.3)
RATE_NM_PER_S, SPREAD, INTERVAL_S = 0.04, 0.15, 2.0
SIZE_NM, SIDE = 0.5, 512
IMAGING = BrightField(film_nm=50.0, dose=1500.0, blur_nm=0.5)
"""A film that stands for the windows of the cell."""


def places(rng: np.random.Generator, count: int, least_nm: float) -> np.ndarray:
    """Places in and around the image, none closer to another than a distance."""
    found: list[np.ndarray] = []
    while len(found) < count:
        place = rng.uniform(-60, SIDE * SIZE_NM + 60, 2)
        if all(np.hypot(*(place - other)) > least_nm for other in found):
            found.append(place)
    return np.array(found)


def frames(count: int, particles: int, seed: int) -> np.ndarray:
    """Stack of the movie: half of the particles are there at the beginning, the others nucleate in its first half."""
    rng = np.random.default_rng(seed)
    where, rates = places(rng, particles, 22.0), RATE_NM_PER_S * rng.normal(1, SPREAD, particles)
    late = np.arange(particles) % 2 == 1
    born_s = np.where(late, rng.uniform(0, count * INTERVAL_S / 2, particles), 0.0)
    first_nm = np.where(late, 3.0, rng.uniform(4, 8, particles))
    drift, speed = np.zeros(2), np.array([0.25, -0.15])
    stack = np.zeros((count, SIDE, SIDE), np.uint8)
    for number in range(count):
        there = born_s <= number * INTERVAL_S
        radii = (first_nm + rates * (number * INTERVAL_S - born_s))[there] / 2
        flat, none = np.zeros(len(radii)), np.zeros(len(radii), int)
        spheres = Spheres(np.column_stack([where[there], flat]), radii, none, none, 0.0)
        view = View((where[there] + drift) / SIZE_NM, flat, radii / SIZE_NM, (SIDE, SIDE), SIZE_NM)
        stack[number] = np.clip(IMAGING.expose(view, spheres, [GOLD], rng) * 240, 0, 255)
        speed = 0.9 * speed + 0.1 * np.array([0.25, -0.15]) + rng.normal(0, 0.05, 2)
        drift = drift + speed
    return stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--particles", type=int, default=170)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="threshold")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    movie, results = args.out / "movie.tif", args.out / "results"
    about = {"axes": "TYX", "finterval": INTERVAL_S, "unit": "nm"}
    resolution = (1 / SIZE_NM, 1 / SIZE_NM)
    stack = frames(args.frames, args.particles, args.seed)
    tifffile.imwrite(movie, stack, imagej=True, resolution=resolution, metadata=about)
    measure(args.model, movie, results, MeasureParams(reports=False))
    with locked(results):
        folder = ResultsFolder.open(results)
        found = run(follow_movies(folder, TrackParams(drift=True)))["movie"]
    figure = growth_figure(found, folder.rules.size)
    save_figure(figure, Path(__file__).parent / "images" / "growth.png")
    print(f"true {RATE_NM_PER_S} nm/s, found {found.rates.median} from {found.rates.count} particles")
    print(*found.remarks, sep="\n")


if __name__ == "__main__":
    main()
