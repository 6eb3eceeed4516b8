"""``particleforge estimate MODEL IMAGES --out FOLDER``."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.options import add_options, read_options
from particleforge.workflows.estimate import EstimateParams, estimate

if TYPE_CHECKING:
    from particleforge.models.roles import Estimate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("model", type=Path, help="Folder of an estimator, or hetero: the one that comes along.")
    parser.add_argument("images", type=Path, help="An image or a folder of images, all of one material.")
    parser.add_argument("--out", type=Path, required=True, help="New folder for estimate.csv and estimate.json.")
    add_options(parser, EstimateParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Estimate; the result for a person or as JSON."""
    params = read_options(args, EstimateParams)
    found = run_with_bar(estimate.steps(args.model, args.images, args.out, params))
    return {"folder": str(args.out), **shown(found)}


def shown(found: "Sequence[Estimate]") -> dict[str, str]:
    """Values with their standard errors, for a person."""
    return {
        one.parameter: f"{one.value:.3f}" + ("" if one.standard_error is None else f" ± {one.standard_error:.3f}")
        for one in found
    }
