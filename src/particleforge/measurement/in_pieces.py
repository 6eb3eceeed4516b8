"""Labels in several pieces, as a count and in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

STRAY = 0.1
"""Pieces that make up at most this share of a label are taken for stray pixels."""


def in_pieces(table: "pd.DataFrame") -> tuple[int, int]:
    """Count labels in several pieces, and those of them with more than stray pixels outside the largest one."""
    if "pieces" not in table:
        return 0, 0
    return int((table["pieces"] > 1).sum()), int((table["largest_piece"] < 1 - STRAY).sum())


def pieces_sentence(labels: int, divided: int) -> str:
    """Warn of labels in several pieces, counted by `in_pieces`; empty if there are none."""
    if not labels:
        return ""
    text = f"{labels} {'label is' if labels == 1 else 'labels are'} in several pieces: only the largest piece counts."
    if divided:
        text += (
            f" In {divided} of them, the others are more than {STRAY:.0%} of the area, so they are probably particles "
            "with the same number, or parts of a particle that another one crosses. See the column pieces."
        )
    return text
