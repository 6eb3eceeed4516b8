"""The tools of the Check step at work on one image."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from particleforge.annotate.edit import next_id
from particleforge.annotate.region import Region
from particleforge.errors import UserError
from particleforge.widgets.annotate.actions import Actions
from particleforge.widgets.annotate.edits import Point, particle_at
from particleforge.widgets.annotate.guide import Guide
from particleforge.widgets.annotate.tools import Tools
from particleforge.widgets.bench.check.plausible import check_outline

if TYPE_CHECKING:
    from particleforge.widgets.bench.work import Work


class Mending:
    """Gives the mouse to the tools, which change the particles of an image.

    Parameters
    ----------
    work
        The image.
    report
        Shows what went wrong, or what to do next.
    tolerance
        Initial tolerance of outlines.
    guide
        Shows boxes and lines while they are drawn.
    chosen
        Called with the name of the tool in use, empty for none.
    """

    def __init__(
        self,
        work: "Work",
        report: Callable[[UserError | str | None], None],
        tolerance: float,
        guide: Guide | None,
        chosen: Callable[[str], None],
    ) -> None:
        self.work, self._chosen = work, chosen
        self.actions = Actions(work.history, work.loaded.micrograph.grey, report, tolerance, self._check)
        work.labels.preserve_labels = True
        self.tools = Tools(
            work.viewer, work.labels, work.strokes, self.actions.by_tool, report, guide, self._begin_stroke
        )
        self.tools.chosen.connect(self._show)

    @property
    def busy(self) -> bool:
        """Whether an outline is being searched for."""
        return self.actions.outliner.busy

    def use(self, name: str) -> None:
        """Choose a tool; empty: none."""
        self.tools.use(name)

    def close(self) -> None:
        """Give the mouse back to napari."""
        self.actions.outliner.close()
        self.tools.close()
        self.tools.chosen.disconnect(self._show)

    def _show(self, name: str) -> None:
        self.work.picking.tool_in_use = bool(name)
        self.actions.begin()
        self._chosen(name)

    def _check(self, region: Region) -> None:
        check_outline(region, self.work.history.data, self.work.history.places.areas)

    def _begin_stroke(self, place: Point, rubs: bool) -> None:
        """Let the brush extend the particle it begins on, or rub it out; elsewhere it paints a new one."""
        history = self.work.history
        under = particle_at(history.data, place)
        if rubs:
            history.choose(under)
        history.choose(0 if rubs else under or next_id(history.data))
