"""``particleforge compare-sizes REFERENCE RESULTS... --out REPORT.html``."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from particleforge.cli.options import add_options, read_options
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.workflows.compare_sizes import compare_sizes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("reference", type=Path, help="Folder of results that the others are compared with.")
    parser.add_argument("results", type=Path, nargs="+", help="Folders that measure or sizes wrote.")
    parser.add_argument("--out", type=Path, required=True, help="Report to write, .html or .pdf.")
    add_options(parser, Precision)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Compare; the result for a person or as JSON."""
    found = compare_sizes([args.reference, *args.results], args.out, read_options(args, Precision))
    said = {
        name: f"Wasserstein {100 * one.wasserstein:.1f} %, p {one.p_value:.3g}, geometric mean "
        f"{one.geometric_mean_percent:+.1f} %, count {one.count_percent:+.1f} %"
        for name, one in found.items()
    }
    return {"report": str(args.out), **said, "comparisons": {name: asdict(one) for name, one in found.items()}}
