"""Colours of particles that everybody can distinguish, from each other, from grey, and from the blue of strokes.

They were searched for by their differences in CIEDE2000, as seen with three cones and with the simulated sight of
protanopes and deuteranopes (Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1): at least 14
between any two and 22 between neighbours in the cycle, 15 to the blue and 10 to any grey, where 2 is just noticed.
"""

from enum import StrEnum

from napari.utils.colormaps import CyclicLabelColormap

CYAN, GREEN, PURPLE, ORANGE = "#1ef0ff", "#00c387", "#c35aa5", "#ffa500"
MINT, RED, YELLOW, DARK_GREEN = "#78ffc3", "#ff0f00", "#ffff78", "#00964b"
CYCLE = (CYAN, GREEN, PURPLE, ORANGE, MINT, RED, YELLOW, DARK_GREEN)
"""Colours of particles one after the other."""
CONTOUR_PX = 2
"""Width of contours, which leave the edge to be judged in sight."""


class State(StrEnum):
    """What is known of a particle."""

    SURE = "sure"
    FOUND = "found"
    DOUBTFUL = "doubtful"
    NOT_COUNTED = "not counted"
    SELECTED = "selected"

    @property
    def colour(self) -> str:
        """Its colour, one of the cycle."""
        return _COLOURS[self]


_COLOURS = {
    State.SURE: GREEN,
    State.FOUND: YELLOW,
    State.DOUBTFUL: ORANGE,
    State.NOT_COUNTED: PURPLE,
    State.SELECTED: CYAN,
}


def by_label() -> CyclicLabelColormap:
    """Return the cycle as the colours of a Labels layer, so that particles that touch differ."""
    return CyclicLabelColormap(colors=["transparent", *CYCLE])
