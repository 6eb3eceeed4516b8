"""``particleforge adapt MODEL RECIPE [SOURCES] --out RECIPE.yaml``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.options import add_options, read_options
from particleforge.errors import UserError
from particleforge.recipes.any import read_recipe
from particleforge.store.annotated import read_annotated
from particleforge.store.files import atomic_write
from particleforge.workflows.adapt import AdaptParams, adapt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("model", help="Folder of the model that is tried, or base.")
    parser.add_argument("recipe", help="Recipe as a YAML file, or its kind for default parameters.")
    parser.add_argument("sources", type=Path, nargs="?", help="Annotated folder, where the recipe needs one.")
    parser.add_argument("--out", type=Path, required=True, help="YAML file for the recipe near the worst samples.")
    add_options(parser, AdaptParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Try the model and write the recipe; the result for a person or as JSON."""
    params = read_options(args, AdaptParams)
    recipe = read_recipe(args.recipe)
    if args.out.exists():
        raise UserError(f"{args.out} exists; nothing is overwritten.", "Choose another --out or remove it.")
    sources = read_annotated(args.sources) if args.sources else []
    near = run_with_bar(adapt.steps(args.model, recipe, sources, params))
    with atomic_write(args.out) as path:
        path.write_text(near.to_yaml(), encoding="utf-8")
    return {"recipe": str(args.out), "samples_near": len(near.around)}
