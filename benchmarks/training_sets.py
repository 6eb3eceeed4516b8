"""Detectors that learnt from different training sets, on real electron micrographs.

``uv run python benchmarks/training_sets.py EMPS --out FOLDER`` where EMPS holds ``images/*.png`` and ``labels/*.png``
(Yildirim and Cole 2021, MIT). Datasets, models and figures stay in FOLDER; run again with the same options, it goes on
where it was interrupted, and larger ``--seeds`` or more ``--kinds`` add to what is there. Set ``OMP_NUM_THREADS=1``
where others compute.

The question is that of the iPMT report: how good is a detector that learnt from rendered, categorical, drawn or
cut-paste images, or from a few annotated micrographs alone? `SETS` names the training sets; all synthetic ones have the
same number of images. The few real ones, which cut-paste draws from, and those of the test are of different
publications, and are the same in every run.

All trainings are alike in steps and settings. Half of the patches are shown with dark and bright exchanged, since EMPS
holds both; no patches of the recipe `shapes` are mixed in, as `train` does by default. Kinds of models start from
their default weights: Mask R-CNN and rods from the base detector, which learnt from drawn particles, StarDist from
random ones; ``--start scratch`` makes them equal. Rendered particles have the size that networks want, so
these images are used as they are; the others are resized to it. No detector is told the magnification.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from particleforge.recipes.any import read_recipe
from particleforge.seeds import stream

TABLE = Path(__file__).with_name("emps_classes.csv")
SIDES = {"height_px": 256, "width_px": 256}
REAL = "few real images"


class Set(NamedTuple):
    """A synthetic training set: its recipe, what is changed in it, and how it is used.

    Parameters
    ----------
    recipe, changes
        Name of a recipe, and what is changed in it.
    from_real
        Whether it draws from the real images.
    normalize_scale
        Whether its images are resized so that particles have the size that networks want.
    """

    recipe: str
    changes: Mapping[str, Any] = {}
    from_real: bool = False
    normalize_scale: bool = True


SETS = {
    "rendered spheres": Set("silica_spheres", normalize_scale=False),
    "categorical": Set("silica_spheres", {"look": {"kind": "categorical"}}, normalize_scale=False),
    "metaball agglomerates": Set("sintered_silica", normalize_scale=False),
    "drawn": Set("shapes"),
    "cut-paste": Set("cutpaste", from_real=True),
}
METRICS = {
    "ap": ("mAP", 2),
    "jensen_shannon": ("Jensen-Shannon, bits", 2),
    "geometric_mean_error_percent": ("error of GM, %", 0),
    "gsd_error_percent": ("error of GSD, %", 0),
    "count_error_percent": ("error of count, %", 0),
}


def command(*words: object) -> None:
    """Run one of our commands."""
    subprocess.run([sys.executable, "-m", "particleforge.cli", *map(str, words)], check=True)


def split(real: int, test: int) -> tuple[list[str], list[str]]:
    """Draw names of images of as many publications, and of images of other publications for the test."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows = [rows[index] for index in stream(0, "images").permutation(len(rows))]
    first = {row["publication"]: row["name"] for row in reversed(rows)}
    used = list(dict.fromkeys(row["publication"] for row in rows))[:real]
    others = [row["name"] for row in rows if row["publication"] not in used]
    if len(used) < real or len(others) < test:
        raise SystemExit(f"EMPS has not enough images for {real} to learn from and {test} of other publications.")
    return [first[publication] for publication in used], others[:test]


def copied(emps: Path, names: Sequence[str], out: Path) -> Path:
    """Annotated folder of some images."""
    for part in ("images", "labels"):
        (out / part).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(emps / part / f"{name}.png", out / part)
    return out


def drawn(out: Path, name: str, real: Path, count: int) -> Path:
    """Dataset of a synthetic training set."""
    made = SETS[name]
    recipe = read_recipe(made.recipe).model_dump(mode="json") | SIDES | made.changes
    file, dataset = out / "recipes" / f"{name}.yaml", out / "datasets" / f"{name}.zarr"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    command("synthesize", file, *([real] if made.from_real else []), "--out", dataset, "--count", count)
    return dataset


def repeated(out: Path, kind: str, inputs: Mapping[str, Path], test: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Train a kind of model on each set with several seeds, and judge all on the test."""
    given = {"model": kind, "steps": args.steps, "minutes": args.minutes, "shapes_share": 0}
    given |= {"augment": {"inverted": 0.5}} | ({"start": args.start} if args.start else {})
    arms = {
        name: {
            "verb": "train",
            "inputs": [str(path)],
            "params": given | {"normalize_scale": name == REAL or SETS[name].normalize_scale},
        }
        for name, path in inputs.items()
    }
    plan = out / "plans" / f"{kind}.yaml"
    plan.parent.mkdir(exist_ok=True)
    text = yaml.safe_dump({"arms": arms, "test": [str(test)], "seeds": args.seeds}, sort_keys=False)
    plan.write_text(text, encoding="utf-8")
    command("repeat", plan, "--out", out / "repeated" / kind)
    found: dict[str, Any] = json.loads((out / "repeated" / kind / "repeat.json").read_text(encoding="utf-8"))
    return found["datasets"][test.name]["values"]


def cell(spread: Mapping[str, Any] | None, digits: int) -> str:
    """Mean over seeds, half-width of its t interval over seeds, and the interval over images."""
    if spread is None:
        return "-"
    text, seeds, images = f"{spread['mean']:.{digits}f}", spread["over_seeds"], spread["over_images"]
    if seeds:
        text += f" ± {(seeds[1] - seeds[0]) / 2:.{digits}f}"
    return text + (f" ({images[0]:.{digits}f} to {images[1]:.{digits}f})" if images else "")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emps", type=Path, help="folder with images and labels")
    parser.add_argument("--out", type=Path, required=True, help="where datasets, models and figures stay")
    parser.add_argument("--kinds", nargs="+", default=["maskrcnn", "stardist", "rods"], help="kinds of models")
    parser.add_argument("--sets", nargs="+", choices=[REAL, *SETS], default=[REAL, *SETS], help="training sets")
    parser.add_argument("--images", type=int, default=200, help="images of each synthetic set")
    parser.add_argument("--real-images", type=int, default=8, help="real images to learn from")
    parser.add_argument("--test-images", type=int, default=40, help="real images to judge on")
    parser.add_argument("--steps", type=int, default=500, help="training steps")
    parser.add_argument("--minutes", type=float, help="time for each training; default: as long as the steps take")
    parser.add_argument("--start", help="weights that all kinds start from, such as scratch")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each kind on each set")
    args = parser.parse_args()
    out = args.out.resolve()
    real, test = split(args.real_images, args.test_images)
    few, judged = copied(args.emps, real, out / "real"), copied(args.emps, test, out / "test")
    inputs = {name: few if name == REAL else drawn(out, name, few, args.images) for name in args.sets}
    found = {kind: repeated(out, kind, inputs, judged, args) for kind in args.kinds}
    titles = ["model", "trained on", *(title for title, _ in METRICS.values())]
    print(f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|")
    for kind, arms in found.items():
        for name, values in arms.items():
            cells = [cell(values.get(key), digits) for key, (_, digits) in METRICS.items()]
            print(f"| {' | '.join([kind, name, *cells])} |")


if __name__ == "__main__":
    main()
