"""``particleforge measure MODEL IMAGES --out RESULTS``."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from particleforge.cli.bar import run_with_bar
from particleforge.cli.options import add_model_options, add_options, read_model_options, read_options
from particleforge.measurement.report.warnings import without_size
from particleforge.measurement.results import Measurement
from particleforge.workflows.measure import MeasureParams, measure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "model",
        help="base (the detector that comes along and needs no annotation), or the folder of a model, ours or an "
        "official StarDist 2D one.",
    )
    parser.add_argument("images", type=Path, help="An image or a folder of images.")
    parser.add_argument("--out", type=Path, required=True, help="New folder for labels, tables, figures and reports.")
    add_options(parser, MeasureParams)
    add_model_options(parser, "detector")


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Measure; the result for a person or as JSON."""
    params = read_options(args, MeasureParams)
    params = params.replace(options=params.options | read_model_options(args))
    measured = run_with_bar(measure.steps(args.model, args.images, args.out, params))
    return answer(measured)


def answer(measured: Measurement) -> dict[str, Any]:
    """Say where the results are, their most important figures, and what could not be measured."""
    said: dict[str, Any] = {"results": str(measured.out), **headline(measured.summary)}
    report = measured.out / "report.html"
    said |= {"report": str(report)} if report.is_file() else {}
    failed = [f"{name} ({reason})" for name, reason in measured.summary["failed"].items()]
    said |= {"not_measured": "; ".join(failed)} if failed else {}
    return said | {"summary": measured.summary}


def headline(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say the most important figures of a finished measurement."""
    pooled, images = summary["pooled"], summary["images"]
    counts = f"{pooled['count']} in {len(images)} images, {pooled['touching_border']} touch the border"
    said = {"particles": f"{counts}; {pooled['counted']} count by the rule {pooled['border_rule']}"}
    unit = next((unit for unit in ("nm", "px") if pooled[unit] and pooled[unit]["gsd"]), None)
    if unit:
        note = " (the pixel size is not known; give --pixel-size)" if unit == "px" else ""
        size = pooled[unit]
        low, high = pooled["intervals"]["geometric_mean"]
        limits = "" if low is None else f" ({low:.4g} to {high:.4g})"
        said["diameter"] = f"geometric mean {size['geometric_mean']:.4g} {unit}{limits}, GSD {size['gsd']:.3g}{note}"
    sizes = {name: entry["pixel_size_nm"] for name, entry in images.items() if entry["count"]}
    unsized = [name for name, size in sizes.items() if size is None]
    if 0 < len(unsized) < len(sizes):
        said["diameter"] = f"none of all images together. {without_size(unsized)}"
    sure = {name: entry["certainty"] for name, entry in images.items() if entry.get("certainty") is not None}
    if sure:
        worst = min(sure, key=lambda name: sure[name])
        said["certainty"] = f"{sum(sure.values()) / len(sure):.2f} on average, lowest {sure[worst]:.2f} in {worst}"
    return said
