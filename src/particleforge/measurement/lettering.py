"""Text in figures and reports that is shown as it is: in a font that has it, and never read as a formula."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from particleforge.measurement.picture import TEXT_PT

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

FONT = "DejaVu Sans"
"""The font of figures; it comes with matplotlib."""
OTHERS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Source Han Sans",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Yu Gothic",
    "Meiryo",
    "MS Gothic",
    "SimHei",
    "WenQuanYi Zen Hei",
    "Malgun Gothic",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Nirmala UI",
    "Arial Unicode MS",
)
"""Fonts of other scripts that operating systems bring along, in the order in which they are tried."""


def legible(text: str) -> str:
    """Text in which characters that no installed font has are replaced by their code in Unicode."""
    if text.isascii() and text.isprintable():
        return text
    known = frozenset(map(ord, "\n")).union(*_fonts().values())
    return "".join(one if ord(one) in known else one.encode("unicode_escape").decode() for one in text)


def families() -> list[str]:
    """Return the fonts of figures that are installed, the usual one first."""
    return list(_fonts())


def is_usual(text: str) -> bool:
    """Whether the usual font has all characters of a text."""
    return text.isascii() or all(ord(one) in _fonts()[FONT] for one in text)


def font_folders(text: str) -> list[str]:
    """Folders of the fonts that a text needs."""
    paths = [_paths()[FONT]] if is_usual(text) else _paths().values()
    return list(dict.fromkeys(str(Path(path).parent) for path in paths))


def letter(fig: Figure, text_pt: float = TEXT_PT) -> None:
    """Make every text of a figure legible, without formulas, and resize all text as if `TEXT_PT` were `text_pt`."""
    factor = text_pt / TEXT_PT
    for axes in fig.axes:
        for axis in (axes.xaxis, axes.yaxis):
            size = axis.get_tick_params().get("labelsize")
            if isinstance(size, (int, float)):
                axis.set_tick_params(which="both", labelsize=size * factor)
    for text in _texts(fig):
        if text.get_text():
            text.set_fontsize(float(text.get_fontsize()) * factor)
            text.set_parse_math(False)
            text.set_text(legible(text.get_text()))
            if not is_usual(text.get_text()):
                text.set_fontfamily(families())


def _texts(fig: Figure) -> Iterator[Text]:
    """All texts but those of ticks, which are numbers and are made only when the figure is drawn."""
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.text import Text

    inside = [child for axes in fig.axes for child in axes.get_children()]
    outside = [child for child in fig.get_children() if not isinstance(child, Axes)]
    for child in (*inside, *outside):
        for text in [child.label] if isinstance(child, Axis) else child.findobj(Text):
            if isinstance(text, Text):
                yield text


@cache
def _fonts() -> dict[str, frozenset[int]]:
    """Characters of the fonts that are installed, by their name."""
    from matplotlib.ft2font import FT2Font

    return {name: frozenset(FT2Font(path).get_charmap()) for name, path in _paths().items()}


@cache
def _paths() -> dict[str, str]:
    """Files of the fonts that are installed, by their name."""
    from matplotlib import font_manager

    paths: dict[str, str] = {font.name: font.fname for font in reversed(font_manager.fontManager.ttflist)}
    return {FONT: str(font_manager.findfont(FONT))} | {name: paths[name] for name in OTHERS if name in paths}
