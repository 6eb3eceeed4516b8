"""Which is better at shape classes: a classifier, or the rule on outlines? Images of EMPS, split by publication.

Usage: python benchmarks/shape_classes.py EMPS [--network KIND ...] [--steps N] [--folds K] [--seed N] [--silhouette S]

EMPS is a folder with images/ and labels/; the classes come from emps_classes.csv. Each image is classified once, by a
network that was trained on images of other publications only. The class of an image is that of most of its whole
particles by the rule, and that of the largest mean probability by a network. Plates are left out: there are three.
"""

import argparse
import csv
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from particleforge.measurement.particles import measure_particles
from particleforge.models.classifier.examples import collect
from particleforge.models.classifier.networks.network import Network
from particleforge.models.classifier.task import probabilities
from particleforge.models.classifier.train_params import ClassifierParams, CropParams
from particleforge.models.classifier.training import train_classifier
from particleforge.models.training_set import TrainingSet
from particleforge.quality.confusion import Confusion
from particleforge.registry import Kinds
from particleforge.sample import CLASS, GROUP, Sample
from particleforge.seeds import stream
from particleforge.step import run
from particleforge.store.annotated import samples_in

TABLE = Path(__file__).with_name("emps_classes.csv")
CLASSES = ("facetted", "irregular", "rod", "round")
OF_RULE = {"block": "facetted", "angular": "facetted", "small": "round"}
"""Class of the table for each class of the rule that is called otherwise."""


def read(folder: Path) -> list[Sample]:
    """Images with a class and a publication, each with its outlines."""
    rows = {row["name"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())}
    chosen = [name for name, row in rows.items() if row["class"] in CLASSES]
    return [
        replace(sample, targets={CLASS: rows[sample.name]["class"], GROUP: rows[sample.name]["publication"]})
        for sample in samples_in(folder, names=chosen)
    ]


def folds(samples: list[Sample], count: int, seed: int) -> np.ndarray:
    """(n,) number of the part of each image; publications stay together, and each class is spread over all parts."""
    counts = np.zeros((count, len(CLASSES)))
    found = np.zeros(len(samples), int)
    groups = sorted({sample.targets[GROUP] for sample in samples})
    stream(seed, "folds").shuffle(groups)
    members = {name: [i for i, sample in enumerate(samples) if sample.targets[GROUP] == name] for name in groups}
    total = np.array([sum(sample.targets[CLASS] == name for sample in samples) for name in CLASSES])
    for name in sorted(groups, key=lambda name: -len(members[name])):
        own = np.array([sum(samples[i].targets[CLASS] == one for i in members[name]) for one in CLASSES])
        part = int(np.argmin(((counts + own) * own / total).sum(1) + 1e-6 * counts.sum(1)))
        counts[part] += own
        found[members[name]] = part
    return found


def by_rule(sample: Sample) -> tuple[int | None, list[int]]:
    """Class of an image and of its whole particles by the rule; None where no particle is whole."""
    table = measure_particles(sample.labels)
    whole = table[~table["touches_border"].astype(bool)]["class"]
    numbers = [CLASSES.index(OF_RULE.get(name, name)) for name in whole]
    return (Counter(numbers).most_common(1)[0][0] if numbers else None), numbers


def by_network(samples: list[Sample], parts: np.ndarray, params: ClassifierParams) -> list[np.ndarray]:
    """(particles, classes) probabilities of the whole particles of each image."""
    found: list[np.ndarray] = [np.zeros((0, len(CLASSES)))] * len(samples)
    for part in np.unique(parts):
        train_on = [sample for sample, own in zip(samples, parts, strict=True) if own != part]
        with tempfile.TemporaryDirectory() as folder:
            model = run(train_classifier(TrainingSet(real=train_on), Path(folder), params))
        for index in np.flatnonzero(parts == part):
            crops = run(collect([samples[index]], CLASSES, params)).crops
            if len(crops):
                found[index] = probabilities(model.net, crops)
    return found


def line(name: str, true: list[int], found: list[int]) -> str:
    """Row of the table."""
    confusion = Confusion.of(CLASSES, true, found)
    low, high = confusion.interval()
    each = " | ".join(f"{row[i]} of {row.sum()}" for i, row in enumerate(confusion.counts))
    return f"| {name} | {confusion.accuracy:.3f} ({low:.2f} to {high:.2f}) | {confusion.balanced:.3f} | {each} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--network", nargs="*", default=["unet"])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="neither RandAugment nor MixUp")
    parser.add_argument("--silhouette", type=float, default=CropParams().silhouette)
    args = parser.parse_args()
    samples = read(args.data)
    true = [CLASSES.index(sample.targets[CLASS]) for sample in samples]
    rule = [by_rule(sample) for sample in samples]
    usable = [index for index, (own, _) in enumerate(rule) if own is not None]
    parts = folds(samples, args.folds, args.seed)
    print(f"{len(usable)} images of {len({sample.targets[GROUP] for sample in samples})} publications")
    print(f"| images | accuracy (95 %) | balanced | {' | '.join(CLASSES)} |")
    print(line("always round", [true[i] for i in usable], [CLASSES.index("round")] * len(usable)))
    print(line("rule on outlines", [true[i] for i in usable], [rule[i][0] for i in usable]))
    of_rule = [number for _, numbers in rule for number in numbers]
    particles = [line("rule on outlines", [true[i] for i in usable for _ in rule[i][1]], of_rule)]
    for kind in args.network:
        params = ClassifierParams(
            network=Kinds(Network).parse(kind),
            steps=args.steps,
            minutes=None,
            seed=args.seed,
            device="cpu",
            validations=1,
            crop=CropParams(silhouette=args.silhouette),
            **({"mixup": 0, "rand_augment": 0} if args.plain else {}),
        )
        found = by_network(samples, parts, params)
        images = [int(found[i].mean(0).argmax()) for i in usable]
        name = f"{kind}, {args.steps} steps"
        print(line(name, [true[i] for i in usable], images), flush=True)
        shares = np.bincount(true) / len(true)
        weighted = [int((found[i].mean(0) * shares).argmax()) for i in usable]
        print(line(f"{name}, probabilities times the shares of the classes", [true[i] for i in usable], weighted))
        right = [(images[n] == true[i], rule[i][0] == true[i]) for n, i in enumerate(usable)]
        only = sum(a and not b for a, b in right), sum(b and not a for a, b in right)
        print(f"right where the rule is wrong: {only[0]} images; wrong where it is right: {only[1]}", flush=True)
        own = [number for i in usable for number in found[i].argmax(1)]
        particles.append(line(name, [true[i] for i in usable for _ in found[i]], own))
    print(f"| particles | accuracy | balanced | {' | '.join(CLASSES)} |")
    print("\n".join(particles))


if __name__ == "__main__":
    main()
