"""Selecting particles by clicks in the image."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from particleforge.widgets.annotate.edits import particle_at
from particleforge.widgets.annotate.tools import LEAST_DRAG_SCREEN_PX

if TYPE_CHECKING:
    from napari import Viewer
    from napari.utils.events import Event

    from particleforge.widgets.bench.work import Work


class Picking:
    """A click without a tool selects the particle below it, or nothing; with Shift it adds or removes one.

    Parameters
    ----------
    viewer
        Where clicks come from.
    work
        Whose particles are selected.

    Attributes
    ----------
    tool_in_use, paused
        Whether a tool has the mouse, and whether the bench is hidden: then clicks select nothing.
    """

    def __init__(self, viewer: "Viewer", work: "Work") -> None:
        self._viewer, self._work = viewer, work
        self.tool_in_use = self.paused = False
        viewer.mouse_drag_callbacks.append(self._click)

    def release(self) -> None:
        """Take no more notice of clicks."""
        self._viewer.mouse_drag_callbacks.remove(self._click)

    def _click(self, viewer: object, event: "Event") -> Iterator[None]:
        if event.button != 1 or self.tool_in_use or self.paused:
            return
        pressed, position = tuple(event.pos), event.position
        shifted = "Shift" in event.modifiers
        yield
        while event.type == "mouse_move":
            yield
        moved = max(abs(a - b) for a, b in zip(pressed, tuple(event.pos), strict=True))
        if moved >= LEAST_DRAG_SCREEN_PX or self.tool_in_use:
            return
        y, x = self._work.labels.world_to_data(position)[-2:]
        found = particle_at(self._work.history.data, (float(y), float(x)))
        if shifted:
            self._work.select(self._work.selected ^ ({found} if found else set()))
        else:
            self._work.select([found] if found else [])
