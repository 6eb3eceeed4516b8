"""Writes what is shown to files. No Qt here."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from particleforge.errors import UserError
from particleforge.measurement.groups import Group, uncertainties
from particleforge.measurement.measured import Measured
from particleforge.measurement.statistics.describe import Description
from particleforge.measurement.table_file import csv_text
from particleforge.store.files import atomic_write
from particleforge.widgets.bench.sizes.drawing import Look, draw
from particleforge.widgets.bench.sizes.shown import Shown, summary_of
from particleforge.widgets.bench.sizes.words import differences, group_rows

MOST_ROWS = 1_048_575
"""Rows of a sheet of Excel below its head."""
FIGURE_IN = (5.6, 4.0)
PRINTED = "#222222"


def write_csv(path: Path, shown: Shown) -> None:
    """Write all particles as CSV, counted or not, as `measure` does.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(csv_text(shown.table), encoding="utf-8", newline="")


def write_xlsx(path: Path, shown: Shown) -> None:
    """Write particles, summary and settings as three sheets.

    Raises
    ------
    UserError
        If there are more particles than a sheet holds, or the disk is full or not writable.
    """
    import pandas as pd

    table = shown.table
    if len(table) > MOST_ROWS:
        raise UserError(
            f"There are {len(table)} particles; a sheet of Excel holds {MOST_ROWS}.", "Write a CSV file instead."
        )
    summary = summary_of(shown)
    head, *rows = group_rows(shown, summary)
    rows += [(text, *[""] * (len(head) - 1)) for text in differences(summary)]
    sheets = {
        "Particles": table,
        "Summary": pd.DataFrame(rows, columns=list(head)),
        "Settings": pd.DataFrame(settings(shown).items(), columns=["Setting", "Value"]),
    }
    options = {"options": {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}}
    with atomic_write(path) as temporary, temporary.open("w+b") as file:
        with pd.ExcelWriter(file, engine="xlsxwriter", engine_kwargs=options) as book:
            for name, sheet in sheets.items():
                sheet.to_excel(book, sheet_name=name, index=False, freeze_panes=(1, 0))
                book.sheets[name].autofit(300)


def settings(shown: Shown) -> dict[str, str]:
    """Return every choice in words."""
    from importlib.metadata import version

    return {
        "Program": f"ParticleForge {version('napari-particleforge')}",
        **shown.rules.sentences(),
        **{f"Filter: {name.replace('_', ' ')}": str(value) for name, value in shown.chosen.changed().items()},
        "Images": ", ".join(image.name for image in shown.images),
        **{f"Remark {number}": text for number, text in enumerate(shown.remarks, start=1)},
    }


def write_plot(path: Path, shown: Shown, look: Look) -> None:
    """Write the plot as it is shown, in the colours of print, as PNG, SVG or PDF by the suffix.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from particleforge.measurement.figures import save_figure
    from particleforge.measurement.lettering import letter

    figure = Figure(figsize=FIGURE_IN, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    draw(figure, shown, summary_of(shown), Look(look.kind, look.weighting, PRINTED))
    letter(figure)
    save_figure(figure, path)


def write_shown_report(path: Path, shown: Shown, provenance: Mapping[str, Any]) -> None:
    """Write a report, of one group or of groups compared, as HTML or PDF by the suffix.

    Raises
    ------
    UserError
        If no particle counts, or the disk is full or not writable.
    """
    from particleforge.measurement.report.comparison import write_comparison
    from particleforge.measurement.report.write import write_report

    drawn = shown.drawn
    if not drawn:
        raise UserError("No particle counts, so there is nothing to report.", "Find particles, or relax the rules.")
    about = dict(provenance) | {"images": [image.name for image in shown.images]}
    if len(drawn) > 1:
        samples = {group.name: group.sizes for group in drawn}
        write_comparison(path, samples, rules=settings(shown), provenance=about, uncertainties=uncertainties(drawn))
        return
    group = drawn[0]
    sizes = {image.pixel_size_nm for image in group.pooled}
    size = next(iter(sizes)) if len(sizes) == 1 else None
    measured = Measured(group.name, group.table, pixel_size_nm=size, rules=shown.rules)
    write_report(path, measured, provenance=about, description=widened(group), warnings=shown.remarks)


def widened(group: Group) -> Description:
    """Describe a group with the intervals of all that is known."""
    figures = dict(group.description.figures) | {"number": dict(group.figures)}
    return replace(group.description, figures=figures)


def check_new(path: Path, chosen: Path) -> None:
    """Refuse to overwrite a file that nobody agreed to overwrite, as its suffix was added afterwards.

    Raises
    ------
    UserError
        If it exists and is not what was chosen.
    """
    if path != chosen and path.exists():
        raise UserError(f"{path.name} exists already.", "Choose it in the list of files to overwrite it.")
