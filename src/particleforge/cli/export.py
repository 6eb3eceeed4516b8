"""``particleforge export DATASET FOLDER``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import bar
from particleforge.step import run
from particleforge.store.dataset import Dataset
from particleforge.store.exchange.formats import FORMATS, exchange_format


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("dataset", type=Path, help="Dataset folder NAME.zarr.")
    parser.add_argument("folder", type=Path, help="New folder to write.")
    parser.add_argument("--format", default="pairs", help=f"One of {', '.join(FORMATS)}. Default: pairs.")


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Export; the result for a person or as JSON."""
    chosen, dataset = exchange_format(args.format), Dataset.open(args.dataset)
    with bar() as report:
        run(chosen.write(dataset, args.folder), report)
    return {"folder": str(args.folder), "samples": len(dataset)}
