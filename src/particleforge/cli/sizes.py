"""``particleforge sizes LABELS_FOLDER --out RESULTS``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.measure import answer
from particleforge.cli.options import add_options, read_options
from particleforge.workflows.sizes import SizesParams, sizes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("labels", type=Path, help="A label image or a folder of them (0 = background).")
    parser.add_argument("--out", type=Path, required=True, help="New folder for labels, tables, figures and reports.")
    parser.add_argument("--images", type=Path, help="Folder of the micrographs, for the figures; paired by name.")
    add_options(parser, SizesParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Measure the labels; the result for a person or as JSON."""
    params = read_options(args, SizesParams)
    measured = run_with_bar(sizes.steps(args.labels, args.out, params, args.images))
    return answer(measured)
