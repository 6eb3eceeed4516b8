"""The loss of a training over time."""

import csv
import math
from pathlib import Path

from particleforge.widgets.curve_plot import Axis, Curve, CurvePlot, round_steps

COLUMNS = {"training loss": "train_loss", "validation loss": "held_out_loss"}
"""Columns of the log by the name of their curve."""


class LossPlot(CurvePlot):
    """Training loss over time, and validation loss if annotated particles are held out."""

    def show_log(self, log: Path) -> None:
        """Draw the log a training writes; nothing if there is none yet."""
        curves = read_log(log)
        longest_s = max((x for curve in curves for x, _ in curve.points), default=0.0)
        unit, name = (1.0, "seconds") if longest_s < 120 else (60.0, "minutes")
        ticks = [(unit * x, f"{x:g}") for x in round_steps(0, longest_s / unit)]
        self.show_curves(curves, Axis(name, ticks))


def read_log(log: Path) -> list[Curve]:
    """Curves over seconds; one without finite values is left out."""
    rows, curves = _rows(log), []
    for name, column in COLUMNS.items():
        points = [(float(row["seconds"]), float(row.get(column) or "nan")) for row in rows]
        curves.append(Curve(name, [(x, y) for x, y in points if math.isfinite(y)]))
    return [curve for curve in curves if curve.points]


def read_f1(log: Path) -> float | None:
    """F1 on annotated particles that are not used for training, at the last time it was computed; None: not yet."""
    scores = [float(row.get("held_out_f1") or "nan") for row in _rows(log)]
    return next((score for score in reversed(scores) if math.isfinite(score)), None)


def _rows(log: Path) -> list[dict[str, str]]:
    try:
        return list(csv.DictReader(log.read_text(encoding="utf-8").splitlines()))
    except OSError:
        return []
