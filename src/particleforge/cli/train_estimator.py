"""``particleforge train-estimator DATASETS --out MODEL``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.options import add_options, read_options
from particleforge.models.estimator.train_params import EstimatorParams
from particleforge.workflows.train_estimator import train_estimator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("datasets", type=Path, nargs="+", help="Datasets NAME.zarr, all drawn from one recipe.")
    parser.add_argument("--out", type=Path, required=True, help="Folder of the model; an interrupted run is continued.")
    add_options(parser, EstimatorParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Train; the result for a person or as JSON."""
    params = read_options(args, EstimatorParams)
    model = run_with_bar(train_estimator.steps(args.datasets, args.out, params))
    errors = {
        part.target.parameter: part.held_out.get("together", part.held_out.get("per_image")) for part in model.parts
    }
    lines = {f"error of {name}": None if error is None else round(error, 4) for name, error in errors.items()}
    return {"model": str(args.out), **lines}
