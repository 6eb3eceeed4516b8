"""``particleforge learn FOLDER --out MODEL``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.options import add_options, read_options
from particleforge.workflows.learn import LearnParams, learn


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("folder", type=Path, help="images/, labels/ and, where only a part is annotated, background/.")
    parser.add_argument("--out", type=Path, required=True, help="Folder of the model; an interrupted run is continued.")
    add_options(parser, LearnParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Learn; the result for a person or as JSON."""
    params = read_options(args, LearnParams)
    learned = run_with_bar(learn.steps(args.folder, args.out, params))
    return learned.report()
