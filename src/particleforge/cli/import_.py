"""``particleforge import FOLDER DATASET``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.store.exchange import FORMATS
from particleforge.workflows.import_folder import import_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("folder", type=Path, help="Folder another program wrote.")
    parser.add_argument("dataset", type=Path, help="New dataset folder NAME.zarr.")
    parser.add_argument("--format", default="pairs", help=f"One of {', '.join(FORMATS.names())}. Default: pairs.")


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Import; the result for a person or as JSON."""
    dataset = run_with_bar(import_folder.steps(args.folder, args.dataset, args.format))
    return {"dataset": str(args.dataset), "samples": len(dataset)}
