"""``particleforge export DATASET FOLDER`` and ``particleforge export MODEL FILE --format onnx``."""

import argparse
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.errors import UserError
from particleforge.recipes.aggregate.export import export_aggregates
from particleforge.recipes.aggregate.writers import WRITERS
from particleforge.store.dataset import Dataset
from particleforge.store.exchange import FORMATS

MODEL_FORMATS = ("onnx", "bioimageio")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("source", type=Path, help="Dataset folder NAME.zarr, or the folder of a model.")
    parser.add_argument("out", type=Path, help="New folder for a dataset; new file NAME.onnx or NAME.zip for a model.")
    parser.add_argument(
        "--format",
        help=f"Datasets: one of {', '.join(FORMATS.names())}; default: pairs. Aggregates of a dataset: one of "
        f"{', '.join(WRITERS.names())}. Models: one of {', '.join(MODEL_FORMATS)}; default: onnx.",
    )


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Export; the result for a person or as JSON."""
    if (args.source / "config.json").is_file():
        return _export_model(args.source, args.out, args.format or "onnx")
    name = args.format or "pairs"
    if name in MODEL_FORMATS:
        raise UserError(f"{args.source} is no folder of a model; only models are written as {name}.")
    if name in WRITERS:
        dataset = Dataset.open(args.source)
        step = export_aggregates.steps(dataset, args.out, name)
    else:
        chosen, dataset = FORMATS.get(name), Dataset.open(args.source)
        step = chosen.write.steps(dataset, args.out)
    run_with_bar(step)
    return {"folder": str(args.out), "samples": len(dataset)}


def _export_model(folder: Path, out: Path, name: str) -> dict[str, Any]:
    if name not in MODEL_FORMATS:
        raise UserError(f"A model cannot be written as {name!r}.", f"There are {', '.join(MODEL_FORMATS)}.")
    from particleforge.models.stardist.export import EXPORTS
    from particleforge.models.stardist.model import StarDistModel

    EXPORTS[name](StarDistModel.load(folder), out)
    return {"file": str(out), "format": name}
