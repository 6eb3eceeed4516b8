"""``particleforge measure MODEL IMAGES --out RESULTS``."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from particleforge.cli.bar import bar
from particleforge.cli.options import add_options, read_options
from particleforge.step import run
from particleforge.workflows.measure import MeasureParams, measure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "model",
        help="base (the detector that comes along and needs no annotation), or the folder of a model, ours or an "
        "official StarDist 2D one.",
    )
    parser.add_argument("images", type=Path, help="An image or a folder of images.")
    parser.add_argument("--out", type=Path, required=True, help="New folder for labels, tables and figures.")
    add_options(parser, MeasureParams)


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Measure; the result for a person or as JSON."""
    params = read_options(args, MeasureParams)
    with bar() as report:
        measured = run(measure.steps(args.model, args.images, args.out, params), report)
    return {"results": str(measured.out), **headline(measured.summary), "summary": measured.summary}


def headline(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say the most important figures of a finished measurement."""
    pooled, images = summary["pooled"], summary["images"]
    said = {"particles": f"{pooled['count']} in {len(images)} images, {pooled['touching_border']} touch the border"}
    unit = next((unit for unit in ("nm", "px") if pooled[unit] and pooled[unit]["gsd"]), None)
    if unit:
        note = " (the pixel size is not known; give --pixel-size)" if unit == "px" else ""
        size = pooled[unit]
        said["diameter"] = f"geometric mean {size['geometric_mean']:.4g} {unit}, GSD {size['gsd']:.3g}{note}"
    sure = {name: entry["certainty"] for name, entry in images.items() if entry.get("certainty") is not None}
    if sure:
        worst = min(sure, key=lambda name: sure[name])
        said["certainty"] = f"{sum(sure.values()) / len(sure):.2f} on average, lowest {sure[worst]:.2f} in {worst}"
    return said
