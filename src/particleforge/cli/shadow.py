"""``particleforge shadow MODEL IMAGES --out FOLDER``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.estimate import shown
from particleforge.cli.options import add_options, read_options
from particleforge.workflows.shadow import ShadowParams, shadow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "model", type=Path, help="Folder of an estimator of aggregates, or hetero: the one that comes along."
    )
    parser.add_argument("images", type=Path, help="An image or a folder of images, all of one material.")
    parser.add_argument("--out", type=Path, required=True, help="New folder for estimates, descriptors and histograms.")
    add_options(parser, ShadowParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Estimate and grow; the result for a person or as JSON."""
    params = read_options(args, ShadowParams)
    grown = run_with_bar(shadow.steps(args.model, args.images, args.out, params))
    means = {f"mean {name}": f"{value:.4g}" for name, value in grown.descriptors.mean().items()}
    return {"folder": str(args.out), **shown(grown.estimates), "aggregates": len(grown.descriptors), **means}
