"""Ask what Table 2 of the UTILE-Gen paper asks: whether synthetic images, MixUp and RandAugment help a classifier.

Usage: python benchmarks/paper_table_2.py EMPS [--repeats N] [--steps N] [--crop-px N] [--networks KIND KIND]

Per class (round, facetted, rod) 15 real images of EMPS are drawn, with a new seed for each repeat, with and without 5
synthetic images each, which cut-paste makes of them; the classifier of whole images sees no image of their publications
in the test. Networks start from random weights, the U-Net from those of the base detector. Given are the mean balanced
accuracy on the other images, and its 95 % t interval over the repeats.
"""

import argparse
import csv
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from particleforge.models.classifier.networks.network import Network
from particleforge.models.classifier.train_params import ClassifierParams, CropParams
from particleforge.models.classifier.training import train_classifier
from particleforge.models.training_set import TrainingSet
from particleforge.quality.confusion import Confusion
from particleforge.recipes.any import RECIPES
from particleforge.recipes.recipe import Drawn
from particleforge.registry import Kinds
from particleforge.sample import CLASS, GROUP, Sample
from particleforge.seeds import stream
from particleforge.step import run
from particleforge.store.annotated import samples_in

TABLE = Path(__file__).with_name("emps_classes.csv")
CLASSES = ("facetted", "rod", "round")
REAL, SYNTHETIC = 15, 5


def read(folder: Path) -> list[Sample]:
    """Images with a class and a publication."""
    rows = {row["name"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())}
    chosen = [name for name, row in rows.items() if row["class"] in CLASSES]
    return [
        replace(sample, targets={CLASS: rows[sample.name]["class"], GROUP: rows[sample.name]["publication"]})
        for sample in samples_in(folder, names=chosen)
    ]


def split(samples: list[Sample], seed: int) -> tuple[list[Sample], list[Sample]]:
    """Draw `REAL` images of each class to train on; those of other publications are for the test."""
    rng = stream(seed, "images")
    train_on: list[Sample] = []
    for name in CLASSES:
        own = [sample for sample in samples if sample.targets[CLASS] == name]
        train_on += [own[index] for index in rng.permutation(len(own))[:REAL]]
    used = {sample.targets[GROUP] for sample in train_on}
    return train_on, [sample for sample in samples if sample.targets[GROUP] not in used]


def synthetic(samples: list[Sample], seed: int) -> list[Sample]:
    """`SYNTHETIC` images of each image, from its own particles."""
    recipe = RECIPES.parse("cutpaste")
    found = []
    for number, sample in enumerate(samples):
        drawn = Drawn(recipe, recipe.prepare([sample]), seed * 1000 + number, SYNTHETIC)
        found += [replace(one, targets={CLASS: sample.targets[CLASS]}) for one in drawn]
    return found


def accuracy(data: TrainingSet, tests: list[Sample], params: ClassifierParams) -> Confusion:
    """Train, and classify the images of the test."""
    with tempfile.TemporaryDirectory() as folder:
        model = run(train_classifier(data, Path(folder), params))
    found = [CLASSES.index(next(iter(model.classify(sample.micrograph)))) for sample in tests]
    return Confusion.of(CLASSES, [CLASSES.index(sample.targets[CLASS]) for sample in tests], found)


def cell(found: list[Confusion]) -> str:
    """Mean balanced accuracy with its interval over the repeats, and the pooled accuracy."""
    values = np.array([one.balanced for one in found])
    half = (
        student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    )
    pooled = Confusion(CLASSES, sum(one.counts for one in found))
    return f"{100 * values.mean():.0f} ± {100 * half:.0f} ({100 * pooled.accuracy:.0f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--crop-px", type=int, default=48)
    parser.add_argument("--networks", nargs="*", default=["resnet18", "unet"])
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # of images with few particles to cut out
    samples = read(args.data)
    found: dict[tuple[str, bool, bool], list[Confusion]] = {}
    for seed in range(args.repeats):
        train_on, tests = split(samples, seed)
        made = synthetic(train_on, seed)
        print(f"seed {seed}: {len(train_on)} real, {len(made)} synthetic, {len(tests)} for the test", flush=True)
        for kind in args.networks:
            for mixed in (False, True):
                for strong in (False, True):
                    params = ClassifierParams(
                        of="images",
                        network=Kinds(Network).parse(kind),
                        crop=CropParams(crop_px=args.crop_px),
                        batch_size=16,
                        averaged_steps=0,
                        steps=args.steps,
                        minutes=None,
                        seed=seed,
                        device="cpu",
                        validations=1,
                        **({} if strong else {"mixup": 0, "rand_augment": 0}),
                    )
                    data = TrainingSet(real=train_on, synthetic=made if mixed else ())
                    one = accuracy(data, tests, params)
                    found.setdefault((kind, strong, mixed), []).append(one)
                    print(f"{kind} mixed {mixed} strong {strong}: {one.balanced:.3f}", flush=True)
    print("| network | standard, real | standard, mixed | MixUp + RandAugment, real | MixUp + RandAugment, mixed |")
    for kind in args.networks:
        cells = [cell(found[kind, strong, mixed]) for strong in (False, True) for mixed in (False, True)]
        print(f"| {kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
