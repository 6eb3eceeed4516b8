"""Trains the estimator of hetero-aggregates that is bundled, and compares it with a threshold method and the paper.

``uv run python benchmarks/estimator.py FOLDER [STAGE ...]`` goes through these stages, or those that are named; each
goes on where it was interrupted, and prints a table:

``draw``     samples to learn from, and others, of groups nobody learns from, to judge on
``train``    the networks; FOLDER/model is what lies in ``src/particleforge/models/estimator/hetero`` then
``judge``    errors of single images and of several at once
``full``     the same for images as large and fine as those of the published data
``shadows``  descriptors of aggregates grown with what was estimated, against those grown with the truth
``curve``    errors after the same training on a part of the samples

Recipe and training lie in ``src/particleforge/models/estimator/hetero``.
"""

import argparse
import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from particleforge.cli.bar import bar
from particleforge.models.estimator.data import Pictures, collect
from particleforge.models.estimator.model import HETERO, NOTE, Estimator, Part
from particleforge.models.estimator.preparation import WHITE, Preparation
from particleforge.models.estimator.target import Batch, Regression
from particleforge.models.estimator.together import Together
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.models.estimator.training import learn
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.any import read_recipe
from particleforge.recipes.batches.recipe import Batches
from particleforge.recipes.fields import innermost, value_of, with_value
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.seeds import stream
from particleforge.step import Step, run
from particleforge.store.dataset import Dataset
from particleforge.workflows.shadow import estimated_recipe, grow

AT_ONCE = (1, 2, 5, 10, 20)
BATCH = 10
IMAGES_PER_GROUP = 20
SHARE = "materials.TiO2.share"
DESCRIPTORS = {
    "cluster_size_TiO2": "0.84 and 2.165",
    "hetero_coordination": "0.85 and 0.056",
    "coordination": "0.87 and 0.007",
}
GROUPS_FOR_THRESHOLDS = 60
FACTORS = (0.8, 1.0, 1.25)
"""Of grey values, for wrong calibrations."""
PARTS = (16, 4, 1)
"""Samples of the curve: all of them divided by these."""


def do(step: Step[Any]) -> Any:
    with bar() as report:
        return run(step, report)


def mean(each: np.ndarray) -> float:
    return float(each.mean())


def table(title: str, head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    lines = [head, ("---",) * len(head), *rows]
    text = "\n".join("| " + " | ".join(map(_shown, line)) + " |" for line in lines)
    print(f"\n{title}\n\n{text}", flush=True)


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


class Bench:
    """What stages share: the folder with all data, how many samples there are."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.folder: Path = args.folder
        self.params = EstimatorParams.from_yaml(HETERO / "train.yaml")
        recipe = read_recipe(str(HETERO / "recipe.yaml"))
        assert isinstance(recipe, Batches)
        self.recipe = recipe

    def other(self, tests: int, recipe: Batches) -> Batches:
        """Recipe with other batches, which no training uses."""
        return recipe.replace(seed=1, batches=max(1, tests // IMAGES_PER_GROUP))

    def dataset(self, name: str, recipe: Batches, count: int, seed: int) -> Dataset:
        """Draw what is missing of a dataset."""
        params = SynthesizeParams(count=count, seed=seed, samples_per_shard=64)
        found: Dataset = do(draw_dataset.steps(recipe, [], self.folder / f"{name}.zarr", params))
        return found

    def learn(self) -> Dataset:
        """Draw what is learned from."""
        return self.dataset("learn", self.recipe, self.args.count, 0)

    def judge(self) -> Dataset:
        """Draw what is judged on."""
        return self.dataset("judge", self.other(self.args.tests, self.recipe), self.args.tests, 1)

    def full(self) -> Dataset:
        """Draw other batches at the pixel size of the published images; all else is as in the recipe."""
        data = self.recipe.model_dump(mode="json")
        coarse = self.recipe.recipe.model_dump(mode="json")
        factor = coarse["pixel_size_nm"] / 0.5
        dose = coarse["imaging"]["dose"]
        fine = {
            "pixel_size_nm": 0.5,
            "height_px": round(coarse["height_px"] * factor),
            "width_px": round(coarse["width_px"] * factor),
            "imaging.jitter_px": coarse["imaging"]["jitter_px"] * factor,
            "imaging.dose": dose | {end: dose[end] / factor**2 for end in ("low", "high")},
        }
        for name, value in fine.items():
            coarse = with_value(coarse, name, value)
        tests = self.args.tests // 10
        return self.dataset("full", self.other(tests, Batches.parse(data | {"recipe": coarse})), tests, 2)

    def pictures(self, name: str) -> tuple[Pictures, Preparation]:
        """Read and prepare the images of a dataset, drawn first where it is not there; done once."""
        path, note = self.folder / f"{name}.npz", self.folder / "preparation.yaml"
        if not note.exists():
            note.write_text(Preparation.fit(self.learn(), self.params.prepare).to_yaml(), encoding="utf-8")
        preparation = Preparation.from_yaml(note)
        if not path.exists():
            wanted = (self.params.targets, self.recipe.shared, preparation, self.params.hints)
            found = do(collect(getattr(self, name)(), *wanted))
            np.savez(path, **{one.name: getattr(found, one.name) for one in fields(Pictures)})
        with np.load(path) as data:
            shown, asked = tuple(data["shown"]), tuple(data["asked"])
            return Pictures(data["images"], shown, asked, data["groups"], data["hints"]), preparation

    def model(self) -> Estimator:
        """Load what was trained."""
        return Estimator.load(self.folder / "model")


def draw(bench: Bench) -> None:
    for dataset in (bench.learn(), bench.judge()):
        print(f"{dataset.path.name}: {len(dataset)} images of {Batches.parse(dataset.meta['recipe']).batches} batches")


def train(bench: Bench) -> None:
    out = bench.folder / "model"
    if not (out / NOTE).exists():
        pictures, preparation = bench.pictures("learn")
        out.mkdir(exist_ok=True)
        do(learn(pictures, preparation, bench.recipe.model_dump(mode="json"), out, bench.params))
    rows = []
    for path in sorted(out.glob("*.csv")):
        with path.open(newline="") as file:
            log = list(csv.DictReader(file))
        at = [log[min(len(log), -(-len(log) * part // 4)) - 1] for part in (1, 2, 4)]
        losses = [*(row["held_out_loss"] for row in at), log[-1]["train_loss"]]
        minutes = float(log[-1]["seconds"]) / 60
        rows.append((path.stem, log[-1]["step"], f"{minutes:.1f}", *(f"{float(loss):.4f}" for loss in losses)))
    head = ("network", "steps", "minutes", "loss at a quarter", "at half", "at the end", "on what it learns from")
    table("Held-out loss over the training", head, rows)


class Alone(Regression):
    """Estimate by the regression of a share alone."""

    tolerance: ClassVar[float] = 0.0


def batches(groups: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Give indices of `size` samples of one group, each sample once; what is left over is left out."""
    for group in np.unique(groups):
        these = np.flatnonzero(groups == group)
        yield from these[: len(these) // size * size].reshape(-1, size)


def judge(bench: Bench) -> None:
    report(bench, "judge")


def full(bench: Bench) -> None:
    report(bench, "full")


class Reading(NamedTuple):
    """What is read from each image, and how several of these become one."""

    number: int
    each: np.ndarray
    tell: Callable[[np.ndarray], float] = mean


def report(bench: Bench, name: str) -> None:
    model, (pictures, _) = bench.model(), bench.pictures(name)
    print(f"\n{name}: {len(pictures.images)} images of {len(np.unique(pictures.groups))} groups nobody learned from")
    readings: dict[str, Reading] = {}
    for number, part in enumerate(model.parts):
        if isinstance(part.target, Batch):
            report_batch(part, pictures, number)
            continue
        each, key = part.per_image(pictures.images), part.target.parameter
        found = {key: Reading(number, each, part.of_several), f"{key}, plain mean": Reading(number, each)}
        if key == SHARE:
            alone = Part(Alone(parameter=SHARE), part.limits, {"value": part.nets["value"]})
            found["without second network"] = Reading(number, alone.per_image(pictures.images))
            report_ends(each, pictures.shown[number], part)
            if name == "judge":
                found["thresholds"] = thresholds(bench, number)
        report_each(found, pictures, number)
        report_greys(part, pictures, number, model.preparation)
        readings |= found
    report_together(readings, pictures)


def report_each(found: Mapping[str, Reading], pictures: Pictures, number: int) -> None:
    shown, asked, rows = pictures.shown[number], pictures.asked[number], []
    always = {"always the mean": np.full(len(shown), asked.mean())}
    for name, values in (always | {key: one.each for key, one in found.items() if "plain" not in key}).items():
        errors = values - shown
        low, high = np.percentile(errors, (25, 75))
        rows.append((name, np.abs(errors).mean(), f"{errors.mean():+.3f}", high - low))
    table("Single images, against what they show", ("", "MAE", "bias", "IQR"), rows)


def report_greys(part: Part, pictures: Pictures, number: int, preparation: Preparation) -> None:
    """Errors where the detector is calibrated wrongly."""
    rows = []
    for factor in FACTORS:
        on_levels = math.sqrt(factor) if preparation.curve == "root" else factor
        wrong = np.rint(np.minimum(pictures.images * on_levels, WHITE)).astype(np.uint8)
        errors = part.per_image(wrong) - pictures.shown[number]
        rows.append((f"{factor:g}", np.abs(errors).mean(), f"{errors.mean():+.3f}"))
    table("Single images with all grey values times a factor", ("", "MAE", "bias"), rows)


def report_ends(found: np.ndarray, shown: np.ndarray, part: Part) -> None:
    true, said = np.isin(shown, part.limits), np.isin(found, part.limits)
    rows = [
        (name, int((true & which).sum()), int((~true & which).sum()))
        for name, which in (("said to be", said), ("said not to be", ~said))
    ]
    table("Images of one kind alone", ("", "they are", "they are not"), rows)


def report_together(readings: Mapping[str, Reading], pictures: Pictures) -> None:
    lines = []
    for size in AT_ONCE:
        sets = list(batches(pictures.groups, size))
        errors = (
            np.mean([abs(one.tell(one.each[rows]) - pictures.asked[one.number][rows[0]]) for rows in sets])
            for one in readings.values()
        )
        lines.append((size, len(sets), *map(float, errors)))
    table("MAE of several images, against the parameter", ("images", "sets", *readings), lines)


def report_batch(part: Part, pictures: Pictures, number: int) -> None:
    asked, rows = pictures.asked[number], []
    for size in AT_ONCE[2:]:
        sets = list(batches(pictures.groups, size))
        said = np.array([part.value(pictures.images[these]) for these in sets])
        true = np.array([asked[these[0]] for these in sets])
        off = np.abs(np.array([part.in_recipe(value) for value in said]) - true)
        bias = f"{(said - true).mean():+.3f}"
        rows.append((size, len(sets), np.abs(said - true).mean(), bias, (off == 0).mean(), (off <= 1).mean()))
    guess = np.abs(asked - np.mean(part.limits))
    table(
        f"{part.target.parameter}; always the middle of the range: MAE {guess.mean():.3f}",
        ("images", "sets", "MAE before rounding", "bias", "exact", "within 1"),
        rows,
    )


def area(material: Material) -> float:
    """Mean area of the disc of one of its spheres, in nm2."""
    return math.pi * float(material.radius_nm) ** 2 * math.exp(2 * math.log(float(material.gsd)) ** 2)  # type: ignore[arg-type]


class Thresholds:
    """Two grey values part ground, TiO2 and WO3; areas over the mean area of a particle count particles."""

    def __init__(self, recipe: Batches, images: np.ndarray, shown: np.ndarray) -> None:
        self.area = {one.name: area(one) for one in recipe.recipe.materials}
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


def thresholds(bench: Bench, number: int) -> Reading:
    """Fit the threshold method to some groups that were learned from; read images by it."""
    learned, (pictures, _) = bench.learn(), bench.pictures("learn")
    some = np.flatnonzero(pictures.groups % (pictures.groups.max() // GROUPS_FOR_THRESHOLDS) == 0)
    images = np.stack([learned[int(i)].micrograph.grey for i in some])
    found = Thresholds(bench.recipe, images, pictures.shown[number][some])
    together = Together.fit(found(images), pictures.asked[number][some], pictures.groups[some])
    each = found(np.stack([sample.micrograph.grey for sample in bench.judge()]))
    print(f"\nThresholds {found.greys[0]:.4f} and {found.greys[1]:.4f}, from {len(some)} images")
    return Reading(number, each, lambda some: together(mean(some), len(some)) if together else mean(some))


def shadows(bench: Bench) -> None:
    """Grow aggregates with parameters of groups, and with what is estimated from ten images of each."""
    model, (pictures, _) = bench.model(), bench.pictures("judge")
    path = bench.folder / "shadows.csv"
    done = list(csv.reader(path.open(newline=""))) if path.exists() else []
    sets = list(batches(pictures.groups, BATCH))
    chosen = stream(0, "shadows").choice(len(sets), min(bench.args.shadows, len(sets)), replace=False)
    samples = bench.judge() if len(done) < len(chosen) else []
    for number in chosen[len(done) :]:
        rows = sets[int(number)]
        true, told = model.recipe, [part.estimate(pictures.images[rows]) for part in model.parts]
        for name in bench.recipe.shared:
            true = with_value(innermost(true), name, value_of(innermost(samples[int(rows[0])].recipe), name))
        means: list[float] = []
        for which, recipe in enumerate((Aggregate.parse(true), estimated_recipe(model.recipe, told))):
            grown, _ = run(grow.steps(recipe, bench.args.aggregates, 2 * int(number) + which))
            means += [float(grown[name].mean()) for name in DESCRIPTORS]
        with path.open("a", newline="") as file:
            csv.writer(file).writerow(means)
        done.append(list(map(str, means)))
    asked, found = np.split(np.array(done, float).T, 2)
    rows_ = []
    for name, t, f in zip(DESCRIPTORS, asked, found, strict=True):
        left = 1 - ((t - f) ** 2).sum() / ((t - t.mean()) ** 2).sum()
        rows_.append(
            (name, float(left), float(np.abs(t - f).mean()), f"{t.min():.2f} to {t.max():.2f}", DESCRIPTORS[name])
        )
    title = (
        f"Digital shadows of {len(done)} configurations, {bench.args.aggregates} aggregates each, from {BATCH} images"
    )
    table(title, ("descriptor", "R2", "MAE", "true means", "published R2 and MAE"), rows_)


def curve(bench: Bench) -> None:
    """Train in the same way on some of the groups, and judge on groups nobody learned from."""
    pictures, preparation = bench.pictures("learn")
    tests, _ = bench.pictures("judge")
    sets = list(batches(tests.groups, BATCH))
    rows = []
    for part in PARTS:
        some = np.isin(pictures.groups, np.unique(pictures.groups)[::part])
        shown, asked = (tuple(one[some] for one in each) for each in (pictures.shown, pictures.asked))
        fewer = Pictures(pictures.images[some], shown, asked, pictures.groups[some], pictures.hints[some])
        out = bench.folder / (f"curve_{part}" if part > 1 else "model")
        out.mkdir(exist_ok=True)
        recipe = bench.recipe.model_dump(mode="json")
        done = (out / NOTE).exists()
        model = Estimator.load(out) if done else do(learn(fewer, preparation, recipe, out, bench.params))
        errors = []
        for number, one in enumerate(model.parts):
            if isinstance(one.target, Batch):
                found = np.array([one.value(tests.images[these]) for these in sets])
                true = tests.asked[number][[these[0] for these in sets]]
            else:
                found, true = one.per_image(tests.images), tests.shown[number]
            errors.append(float(np.abs(found - true).mean()))
        rows.append((len(fewer.images), *errors))
    names = [f"{target.parameter} of {target.images}" for target in bench.params.targets]
    table("MAE after the same training on a part of the samples", ("samples", *names), rows)


STAGES: dict[str, Callable[[Bench], None]] = {
    stage.__name__: stage for stage in (draw, train, judge, full, shadows, curve)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(STAGES))
    parser.add_argument("--count", type=int, default=32000, help="Samples to learn from.")
    parser.add_argument("--tests", type=int, default=4000, help="Samples to judge on.")
    parser.add_argument("--shadows", type=int, default=30, help="Configurations that get a digital shadow.")
    parser.add_argument("--aggregates", type=int, default=200, help="Aggregates of each.")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(args)
    for name in args.stages or STAGES:
        STAGES[name](bench)


if __name__ == "__main__":
    main()
