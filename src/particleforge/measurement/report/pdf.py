"""A report as PDF, typeset by Typst."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from particleforge.measurement.lettering import families, font_folders, legible
from particleforge.measurement.report.content import Content, Plot
from particleforge.measurement.report.table import Table

_TEMPLATE = Path(__file__).parent / "templates" / "report.typ"


def write_pdf(path: Path, report: Content) -> None:
    """Write the report on A4 pages; equal reports give equal bytes.

    Texts reach the template as data, so they are never read as markup. Fonts are those of Typst and of figures.
    """
    import typst

    data = json.dumps(_plain(report), ensure_ascii=False)
    compiled = typst.compile(
        str(_TEMPLATE),
        format="pdf",
        root=str(_TEMPLATE.parent),
        font_paths=font_folders(data),
        ignore_system_fonts=True,
        sys_inputs={"report": data, "fonts": json.dumps(families())},
        timestamp=0,
    )
    path.write_bytes(compiled)


def _plain(one: Any) -> Any:
    """Parts of a report as plain data, with all texts legible."""
    if isinstance(one, str):
        return legible(one)
    if isinstance(one, Mapping):
        return {legible(key): _plain(value) for key, value in one.items()}
    if isinstance(one, (Content, Plot)):
        return _plain(vars(one))
    if isinstance(one, Table):
        return _plain(vars(one) | {"words": one.words})
    return [_plain(part) for part in one] if isinstance(one, (list, tuple)) else one
