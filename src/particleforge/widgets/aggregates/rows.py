"""Small tables of figures."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue, TypeAdapter
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget
from typing_extensions import TypedDict

from particleforge.widgets.aggregates.grown import Grown
from particleforge.widgets.aggregates.shown import colour_of


@dataclass(frozen=True)
class Row:
    """A name, its figure, and the colour it has elsewhere, if any."""

    name: str
    figure: str
    colour: str = ""


class Estimate(TypedDict):
    """What a job reports on a parameter; `standard_error` is None for a single image."""

    parameter: str
    value: float
    standard_error: float | None


class Rows(QLabel):
    """Names with figures; hidden while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[Row] = ()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)  # otherwise a table ignores the width
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.hide()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.rows = rows
        marked = [row for row in rows if row.colour]
        self.setText(_table([row for row in rows if not row.colour]) + _table(marked))  # each with its own columns
        self.setVisible(bool(rows))


def aggregate_rows(grown: Grown) -> list[Row]:
    """Describe an aggregate."""
    found = grown.descriptors
    rows = [
        Row("Particles", f"{found['particles']:.0f}"),
        Row("Fractal dimension", _text(found["fractal_dimension"])),
        Row("Radius of gyration R_g", f"{found['radius_of_gyration_nm']:.3g} nm"),
        Row("R_g / mean radius", _text(found["gyration_over_mean_radius"])),
        Row("Coordination number", f"{found['coordination']:.2f}"),
    ]
    if len(grown.materials) > 1:
        rows.append(Row("Hetero-coordination", f"{found['hetero_coordination']:.2f}"))
    for number, name in enumerate(grown.materials):
        share, size = found[f"share_{name}"], found[f"cluster_size_{name}"]
        parts = "" if math.isnan(size) or len(grown.materials) == 1 else f" in clusters of {size:.3g}"
        rows.append(Row(name, f"{100 * share:.0f} %{parts}", colour_of(number)))
    return rows


def estimate_rows(estimates: JsonValue) -> list[Row]:
    """Rows of the estimates of a job, a list of `Estimate`: value and standard error."""
    rows = []
    for one in TypeAdapter(list[Estimate]).validate_python(estimates):
        error = "" if one["standard_error"] is None else f" ± {_plain(one['standard_error'])}"
        rows.append(Row(one["parameter"], f"{one['value']:.3g}{error}"))
    return rows


def _table(rows: Sequence[Row]) -> str:
    return f"<table width='100%' cellspacing='0' cellpadding='1'>{''.join(map(_line, rows))}</table>" if rows else ""


def _line(row: Row) -> str:
    mark = f"<span style='color: {row.colour}'>■</span> " if row.colour else ""
    figure = html.escape(row.figure).replace(" ", "&nbsp;")
    return f"<tr><td>{mark}{html.escape(row.name)}</td><td align='right'>{figure}</td></tr>"


def _plain(value: float) -> str:
    """Two digits without a power of ten."""
    return np.format_float_positional(value, 2, unique=False, fractional=False, trim="-")


def _text(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.2f}"
