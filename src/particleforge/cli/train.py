"""``particleforge train SOURCES --out MODEL``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.options import add_options, read_options
from particleforge.models.stardist.train_params import TrainParams
from particleforge.workflows.train import train


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("sources", type=Path, nargs="+", help="Datasets NAME.zarr and annotated folders.")
    parser.add_argument("--out", type=Path, required=True, help="Folder of the model; an interrupted run is continued.")
    add_options(parser, TrainParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Train; the result for a person or as JSON."""
    params = read_options(args, TrainParams)
    model = run_with_bar(train.steps(args.sources, args.out, params))
    return {"model": str(args.out), "prob_thresh": model.prob_thresh, "working_scale": model.working_scale}
