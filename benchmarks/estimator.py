"""How well parameters of hetero-aggregates are told from their images, beside a threshold method and the paper.

``uv run python benchmarks/estimator.py FOLDER [--count N] [--tests N]`` draws a data set, trains an estimator and
judges it on groups it has never seen; all of it lies in FOLDER afterwards, and an interrupted run goes on. Recipe and
training lie in ``benchmarks/estimator``.
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from particleforge.cli.bar import bar
from particleforge.models.estimator.model import NOTE, Estimator, Part
from particleforge.models.estimator.target import Regression, Target
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.any import read_recipe
from particleforge.recipes.fields import innermost, value_of
from particleforge.recipes.groups import Groups
from particleforge.recipes.synthesize import SynthesizeParams, synthesize
from particleforge.step import Step, run
from particleforge.store.dataset import Dataset
from particleforge.workflows.train_estimator import train_estimator

SETTINGS = Path(__file__).parent / "estimator"
AT_ONCE = (1, 2, 5, 10, 20)
IMAGES_PER_GROUP = 20
SHARE = "materials.TiO2.share"
PUBLISHED = (
    "published: D_f 0.041 of 10 images; mixing ratio 0.053 per image (0.059 without classifier), threshold 0.078"
)


def do(step: Step[Any]) -> Any:
    with bar() as report:
        return run(step, report)


def draw(folder: Path, count: int, tests: int) -> tuple[Dataset, Dataset]:
    """Draw what to learn from, and other groups to judge on."""
    recipe = read_recipe(str(SETTINGS / "recipe.yaml"))
    others = recipe.replace(seed=1, groups=max(1, tests // IMAGES_PER_GROUP))
    made = do(synthesize.steps(recipe, [], folder / "learn.zarr", SynthesizeParams(count=count)))
    judged = do(synthesize.steps(others, [], folder / "judge.zarr", SynthesizeParams(count=tests, seed=1)))
    return made, judged


class Judged:
    """Samples that are judged on: prepared images, what each shows, what its group has."""

    def __init__(self, dataset: Dataset, estimator: Estimator) -> None:
        samples = list(dataset)
        self.samples = samples
        self.images = np.stack([estimator.preparation(sample.micrograph) for sample in samples])
        shared = Groups.parse(dataset.meta["recipe"]).shared
        keys = np.array([[value_of(innermost(sample.recipe), name) for name in shared] for sample in samples])
        self.groups = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)

    def shown(self, target: Target) -> np.ndarray:
        """(n,) what each image shows."""
        return np.array([target.of_sample(sample) for sample in self.samples])

    def asked(self, target: Target) -> np.ndarray:
        """(n,) what its group has."""
        return np.array([value_of(innermost(sample.recipe), target.parameter) for sample in self.samples])

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """Give indices of `size` samples of one group, each sample once; what is left over is left out."""
        for group in np.unique(self.groups):
            these = np.flatnonzero(self.groups == group)
            yield from these[: len(these) // size * size].reshape(-1, size)


class Alone(Regression):
    """What the regression of a share says by itself."""

    tolerance: ClassVar[float] = 0.0


def report_each(name: str, found: np.ndarray, shown: np.ndarray) -> None:
    errors = found - shown
    low, high = np.percentile(errors, (25, 75))
    print(f"| {name} | {np.abs(errors).mean():.4f} | {errors.mean():+.4f} | {high - low:.4f} |")


def report_together(judged: Judged, found: dict[str, np.ndarray], asked: np.ndarray) -> None:
    print("\n| images at once | " + " | ".join(found) + " |\n|---|" + "---|" * len(found))
    for size in AT_ONCE:
        batches = list(judged.batches(size))
        errors = [np.mean([abs(each[rows].mean() - asked[rows[0]]) for rows in batches]) for each in found.values()]
        print(f"| {size} ({len(batches)} batches) | " + " | ".join(f"{error:.4f}" for error in errors) + " |")


def area(material: Material) -> float:
    """Mean area of the disc of one of its spheres, in nm2."""
    return math.pi * float(material.radius_nm) ** 2 * math.exp(2 * math.log(float(material.gsd)) ** 2)  # type: ignore[arg-type]


class Thresholds:
    """Two grey values part ground, TiO2 and WO3; areas over the mean area of a particle count particles."""

    def __init__(self, dataset: Dataset, target: Target) -> None:
        self.area = {one.name: area(one) for one in Groups.parse(dataset.meta["recipe"]).recipe.materials}
        some = [dataset[int(i)] for i in np.linspace(0, len(dataset) - 1, min(1000, len(dataset)))]
        shown = np.array([target.of_sample(sample) for sample in some])
        images = np.stack([sample.micrograph.grey for sample in some])
        grid = np.quantile(images, np.linspace(0.5, 0.999, 40))
        above = np.stack([(images > grey).sum((1, 2)) for grey in grid])
        tries = [(low, high) for low in range(len(grid)) for high in range(low + 1, len(grid))]
        errors = [np.abs(self.share(above[low], above[high]) - shown).mean() for low, high in tries]
        low, high = tries[int(np.argmin(errors))]
        self.greys = (float(grid[low]), float(grid[high]))

    def share(self, particles: np.ndarray, bright: np.ndarray) -> np.ndarray:
        """Share of TiO2 by the pixels above each threshold."""
        dark, bright = (particles - bright) / self.area["TiO2"], bright / self.area["WO3"]
        return dark / np.maximum(dark + bright, 1e-9)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """(n,) share of TiO2 of (n, Y, X) images."""
        return self.share(*((images > grey).sum((1, 2)) for grey in self.greys))


def judge(part: Part, judged: Judged, learned: Dataset) -> None:
    target = part.target
    found = {"estimator": part.per_image(judged.images)}
    shown, asked = judged.shown(target), judged.asked(target)
    if target.parameter == SHARE:
        alone = Part(Alone(parameter=target.parameter), part.limits, {"value": part.nets["value"]})
        found["without classifier"] = alone.per_image(judged.images)
        thresholds = Thresholds(learned, target)
        found["threshold"] = thresholds(np.stack([sample.micrograph.grey for sample in judged.samples]))
        ends = np.isin(shown, part.limits), np.isin(found["estimator"], part.limits)
        table = [
            [int(((ends[0] == true) & (ends[1] == said)).sum()) for said in (True, False)] for true in (True, False)
        ]
        print(f"\ngreys {thresholds.greys}; homogeneous/heterogeneous, true by said: {table}")
    print(f"\n{target.parameter}\n\n| per image | MAE | bias | IQR |\n|---|---|---|---|")
    report_each("always the mean", np.full(len(shown), asked.mean()), shown)
    for name, values in found.items():
        report_each(name, values, shown)
    report_together(judged, found, asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--tests", type=int, default=1200)
    parser.add_argument("--minutes", type=float, help="Time for each network instead of that of train.yaml.")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    learned, tests = draw(args.folder, args.count, args.tests)
    model = args.folder / "model"
    if not (model / NOTE).exists():
        params = EstimatorParams.from_yaml(SETTINGS / "train.yaml")
        params = params.replace(minutes=args.minutes or params.minutes)
        do(train_estimator.steps([learned.path], model, params))
    estimator = Estimator.load(model)
    judged = Judged(tests, estimator)
    print(f"learned from {len(learned)} images, judged on {len(tests)} of {len(np.unique(judged.groups))} other groups")
    for part in estimator.parts:
        judge(part, judged, learned)
    print(f"\n{PUBLISHED}")


if __name__ == "__main__":
    main()
