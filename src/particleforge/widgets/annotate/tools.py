"""What the mouse does in the image."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from particleforge.errors import UserError
from particleforge.widgets.annotate.edits import Point
from particleforge.widgets.annotate.guide import Guide

if TYPE_CHECKING:
    from napari import Viewer
    from napari.utils.events import Event

LEAST_DRAG_PX, LEAST_DRAG_SCREEN_PX = 3.0, 4.0
"""A gesture that moves less, in the image or on the screen, is a click."""
BRUSHES = {"brush", "strokes"}
"""Tools that are napari's own paint mode of a layer."""
HELD = "Space"
"""Key that moves the image while it is held."""
BOXES, LINES = {"outline"}, {"split", "merge"}


@dataclass(frozen=True)
class Gesture:
    """A click, or a drag from `start` to `end`; (y, x) in px of the image."""

    start: Point
    end: Point
    dragged: bool


class Tools(QObject):
    """Gives the mouse to one tool at a time, and returns it when the user chooses a mode or layer of napari.

    `chosen` gives the name of the tool in use, empty for none.

    Parameters
    ----------
    viewer
        Shows the layers.
    particles, strokes
        The layers of particles and of background strokes.
    actions
        Action for a gesture, by the name of the tool.
    report
        Receives what went wrong; None before each action.
    guide
        Shows boxes and lines while they are drawn.
    begin_stroke
        Called with the place where a stroke of the brush begins, before it paints; and whether it is to rub out.
    """

    chosen = Signal(str)

    def __init__(
        self,
        viewer: "Viewer",
        particles: Labels,
        strokes: Labels,
        actions: Mapping[str, Callable[[Gesture], None]],
        report: Callable[[UserError | None], None],
        guide: Guide | None = None,
        begin_stroke: Callable[[Point, bool], None] | None = None,
    ) -> None:
        super().__init__()
        self.name = ""
        self._viewer, self._layers = viewer, (particles, strokes)
        self._actions, self._report, self._begin_stroke = actions, report, begin_stroke
        self._choosing = self._moving = False
        self._guide = guide
        particles.mouse_drag_callbacks.append(self._drag)
        for layer in self._layers:
            layer.bind_key(HELD, self._move, overwrite=True)
            layer.events.mode.connect(self._released)
        viewer.layers.selection.events.active.connect(self._released)

    def use(self, name: str) -> None:
        """Give the mouse to a tool; empty: return it to napari."""
        particles, strokes = self._layers
        self._choosing = True
        try:
            for layer in self._layers:
                layer.mode = "pan_zoom"
                layer.mouse_pan = True
                layer.cursor = "standard"
            if name:
                layer = strokes if name == "strokes" else particles
                self._viewer.layers.selection.active = layer
                layer.visible = True
                if name in BRUSHES:
                    layer.mode = "paint"
                else:
                    layer.mouse_pan = name not in BOXES | LINES
                    layer.cursor = "cross" if name in BOXES | LINES else "pointing"
        finally:
            self._choosing = False
        self.name = name
        if name and self._guide is not None:
            self._guide.take_keys()
        self.chosen.emit(name)

    def close(self) -> None:
        """Release layers and canvas."""
        self.use("")
        for layer in self._layers:
            layer.bind_key(HELD, None, overwrite=True)
            layer.events.mode.disconnect(self._released)
        self._layers[0].mouse_drag_callbacks.remove(self._drag)
        self._viewer.layers.selection.events.active.disconnect(self._released)
        if self._guide is not None:
            self._guide.setParent(None)
            self._guide.deleteLater()
            self._guide = None

    def _released(self, event: object) -> None:
        """Release the tool: the user chose something else in napari."""
        if self.name and not self._choosing:
            self._choosing = True
            self._layers[0].mouse_pan = self._layers[0].mode == "pan_zoom"
            self._choosing, self.name = False, ""
            self.chosen.emit("")

    def _move(self, layer: Labels) -> Iterator[None]:
        """Move the image while the key is held, as in any other layer of napari; the tool comes back."""
        mode, pans = layer.mode, layer.mouse_pan
        self._moving = self._choosing = True
        layer.mode, layer.mouse_pan = "pan_zoom", True
        self._choosing = False
        yield
        self._choosing = True
        layer.mode, layer.mouse_pan = mode, pans
        self._moving = self._choosing = False

    def _drag(self, layer: object, event: "Event") -> Iterator[None]:
        """Follow the mouse from press to release."""
        if self.name == "brush" and self._begin_stroke is not None and not self._moving and event.button == 1:
            self._begin_stroke(self._point(event), "Shift" in event.modifiers)
        if self.name not in self._actions or self._moving or event.button != 1:
            return
        name, start, pressed = self.name, self._point(event), tuple(event.pos)
        yield
        while event.type == "mouse_move":
            if self._guide is not None and name in BOXES | LINES:
                self._guide.draw(pressed[:2], tuple(event.pos)[:2], name in BOXES)
            yield
        if self._guide is not None:
            self._guide.hide()
        end = self._point(event)
        away_px = max(abs(a - b) for a, b in zip(start, end, strict=True))
        screen_px = max(abs(a - b) for a, b in zip(pressed[:2], tuple(event.pos)[:2], strict=True))
        gesture = Gesture(start, end, away_px >= LEAST_DRAG_PX and screen_px >= LEAST_DRAG_SCREEN_PX)
        self._report(None)
        try:
            self._actions[name](gesture)
        except UserError as error:
            self._report(error)

    def _point(self, event: "Event") -> Point:
        y, x = self._layers[0].world_to_data(event.position)[-2:]
        return float(y), float(x)
