"""``particleforge recipes [NAME] [--thumbnail FILE.png]``."""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from particleforge.errors import UserError
from particleforge.recipes.any import about, presets, read_recipe
from particleforge.recipes.recipe import make_sample
from particleforge.store.files import atomic_write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("name", nargs="?", help="Ready recipe to show as YAML; without it all are listed.")
    parser.add_argument("--thumbnail", type=Path, help="New PNG file for the recipe's first sample.")


def call(args: argparse.Namespace) -> dict[str, Any]:
    """List, show or draw; the result for a person or as JSON."""
    if args.name is None:
        return {name: about(name) for name in sorted(presets())}
    recipe = read_recipe(args.name)
    if args.thumbnail is None:
        ready = presets().get(args.name)
        sys.stdout.write(recipe.to_yaml() if ready is None else ready.read_text(encoding="utf-8"))
        return {}
    if args.thumbnail.exists():
        raise UserError(f"{args.thumbnail} is there already; nothing is overwritten.", "Choose another file.")
    from PIL import Image

    sample = make_sample(recipe, recipe.prepare([]), 0, 0)
    with atomic_write(args.thumbnail) as temporary:
        Image.fromarray(np.asarray(sample.micrograph.pixels)).save(temporary)
    return {"thumbnail": str(args.thumbnail), "particles": len(np.unique(sample.labels)) - 1}
