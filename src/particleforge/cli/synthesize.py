"""``particleforge synthesize RECIPE [SOURCES] --out DATASET.zarr``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.options import add_options, read_options
from particleforge.recipes.any import read_recipe
from particleforge.recipes.synthesize import SynthesizeParams, synthesize
from particleforge.store.annotated import read_annotated


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("recipe", help="Recipe as a YAML file, or its kind for default parameters, such as cutpaste.")
    parser.add_argument(
        "sources",
        type=Path,
        nargs="?",
        help="Annotated folder, where the recipe takes particles and backgrounds from one.",
    )
    parser.add_argument("--out", type=Path, required=True, help="Dataset folder NAME.zarr; an interrupted one goes on.")
    add_options(parser, SynthesizeParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Draw the dataset; the result for a person or as JSON."""
    params = read_options(args, SynthesizeParams)
    recipe = read_recipe(args.recipe)
    sources = read_annotated(args.sources) if args.sources else []
    dataset = run_with_bar(synthesize.steps(recipe, sources, args.out, params))
    return {"dataset": str(args.out), "samples": len(dataset)}
