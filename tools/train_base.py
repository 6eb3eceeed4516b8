"""Train the bundled detector on samples drawn while it learns; made for one machine with a graphics card, for minutes.

``python tools/train_base.py OUT --minutes 8 --workers 16``: all of it, from reading the recipe to the last file, ends
within these minutes. OUT holds the best weights so far from the first validation on, whatever happens later; copy its
files to ``src/particleforge/models/stardist/base`` if ``benchmarks/detectors.py`` finds them better. Without a graphics
card it works, too, but learns little: ``--steps 20 --workers 1 --settings '{batch_size: 2, patch_px: 64}'``.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from particleforge.errors import UserError
from particleforge.models.stardist.kind import BASE
from particleforge.models.stardist.train_params import TrainParams
from particleforge.models.training import begin_training, train_model
from particleforge.models.training_set import TrainingSet
from particleforge.plain_data import parse_yaml, read_yaml
from particleforge.recipes.any import read_recipe
from particleforge.recipes.recipe import Drawn

SAMPLES = 10_000_000
"""Number of different samples; only those that are needed are drawn."""
RESERVED_MINUTES = 1.4
"""Time for drawing the held-out samples before, and for choosing thresholds after the training."""
EVERY_SECONDS = 10.0
FILES = ("model.yaml", "particleforge.yaml", "config.json", "thresholds.json", "weights_best.h5", "training.csv")
"""What belongs to a model."""


def settings(args: argparse.Namespace) -> TrainParams:
    """Read the settings of the training; its time is what is left."""
    data = (
        read_yaml(args.train) | parse_yaml(args.settings, "--settings") | {"workers": args.workers, "steps": args.steps}
    )
    left = args.minutes - (time.time() - args.began) / 60 - RESERVED_MINUTES
    return TrainParams.parse(data | {"minutes": max(left, 0.05)})


def copy_model(folder: Path, out: Path) -> None:
    """Copy what belongs to a model, where it is newer."""
    out.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        here, there = folder / name, out / name
        if here.exists() and (not there.exists() or there.stat().st_mtime < here.stat().st_mtime):
            shutil.copy2(here, there)


def train(args: argparse.Namespace, folder: Path) -> None:
    """Train in a folder; copy the model from there now and then."""

    def say(text: str) -> None:
        sys.stdout.write(f"{time.time() - args.began:6.1f} s  {text}\n")
        sys.stdout.flush()

    recipe = read_recipe(args.recipe)
    data = TrainingSet(synthetic=Drawn(recipe, recipe.prepare([]), args.seed, SAMPLES))
    params = settings(args)
    say(f"training for {params.minutes:.2f} minutes")
    begin_training(folder, params, "recipes only")
    shown = 0.0
    try:
        for progress in train_model(data, folder, params):
            if time.monotonic() - shown >= EVERY_SECONDS:
                shown = time.monotonic()
                say(f"{100 * progress.done / progress.total:5.1f} %  {progress.message}")
                copy_model(folder, args.out)
    except UserError as error:
        say(f"ended early: {error}")
    copy_model(folder, args.out)
    say(f"written to {args.out}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where the model is written")
    parser.add_argument("--minutes", type=float, default=8.0, help="time for everything")
    parser.add_argument("--began", type=float, default=time.time(), help="when they began, in seconds of Unix time")
    parser.add_argument("--steps", type=int, help="training steps, at most")
    parser.add_argument("--workers", type=int, default=16, help="processes that draw samples")
    parser.add_argument("--seed", type=int, default=2, help="seed of the samples")
    parser.add_argument("--recipe", default=str(BASE / "recipe_2.yaml"))
    parser.add_argument("--train", type=Path, default=BASE / "train_2.yaml")
    parser.add_argument("--settings", default="{}", help="further settings of the training, as YAML")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        train(args, Path(name))


if __name__ == "__main__":
    main()
