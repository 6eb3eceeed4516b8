"""``particleforge predict MODEL IMAGES --out LABELS``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.options import add_model_options, add_options, read_model_options, read_options
from particleforge.workflows.measure import MeasureParams, predict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("model", help="base, or the folder of a model, ours or an official StarDist 2D one.")
    parser.add_argument("images", type=Path, help="An image or a folder of images.")
    parser.add_argument("--out", type=Path, required=True, help="New folder for the label images.")
    add_options(parser, MeasureParams)
    add_model_options(parser, "detector")


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Predict; the result for a person or as JSON."""
    params = read_options(args, MeasureParams)
    params = params.replace(options=params.options | read_model_options(args))
    written = run_with_bar(predict.steps(args.model, args.images, args.out, params))
    return {"labels": str(args.out), "images": len(written)}
