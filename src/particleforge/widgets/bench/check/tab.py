"""Checking, correcting and confirming particles."""

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd
from qtpy.QtWidgets import QCheckBox, QHBoxLayout

from particleforge.errors import UserError
from particleforge.store.annotation_state import ChangedElsewhere
from particleforge.widgets.annotate.guide import guide_over
from particleforge.widgets.annotate.parts import words
from particleforge.widgets.annotate.question import Answer, Question
from particleforge.widgets.annotate.warm_up import WarmUp
from particleforge.widgets.bench.buttons import primary, quiet
from particleforge.widgets.bench.check.doubtful import Queue, doubtful
from particleforge.widgets.bench.check.legend import Legend
from particleforge.widgets.bench.check.mending import Mending
from particleforge.widgets.bench.check.queue_row import QueueRow
from particleforge.widgets.bench.check.toolbar import TOOLS, Toolbar
from particleforge.widgets.bench.check.whole_row import WholeRow
from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab
from particleforge.widgets.bench.work import Work
from particleforge.widgets.canvas import canvas_of
from particleforge.widgets.unexpected import shown_by
from particleforge.wording import plural

SHARE_OF_VIEW = 0.2
"""How much of the view a doubtful particle fills."""
COMPLETE_TIP = "Then all else is background, and none needs to be brushed."


class CheckTab(Tab):
    """Checking, correcting and confirming particles."""

    title = "Check"
    tip = "Checking, correcting and confirming particles."

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.work: Work | None = None
        self.mending: Mending | None = None
        self._queue, self._going, self._in_front = Queue(), False, False
        self._tool = ""
        self._table: pd.DataFrame | None = None
        self._reasons: dict[int, str] = {}
        self._warm_up = WarmUp()
        self.toolbar, self.queue, self.legend, self.question = Toolbar(), QueueRow(), Legend(), Question()
        self.complete = QCheckBox("Every particle is annotated", self)
        self.complete.setToolTip(COMPLETE_TIP)
        self.strokes = quiet("Brush background", "brush", "Paint where there certainly is no particle.")
        self.strokes.setCheckable(True)
        self.needed, self.kept, self.whole = words(), words(), WholeRow()
        self.go_on = primary("Next: Sizes")
        self._lay_out()
        self.toolbar.picked.connect(self.use)
        self.toolbar.undone.connect(self.undo)
        self.toolbar.redone.connect(self.redo)
        self.toolbar.retuned.connect(self._retune)
        self.strokes.clicked.connect(self._brush_background)
        self.complete.clicked.connect(self._set_complete)
        self.queue.wanted.connect(self.next_doubtful)
        self.queue.confirmed.connect(self.confirm)
        self.queue.removed.connect(self.remove)
        self.queue.all_confirmed.connect(self.confirm_all)
        self.go_on.clicked.connect(self._go_on)
        state.work_changed.connect(self._take)
        self._refresh()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self.complete, 1)
        line.addWidget(self.strokes)
        for widget in (self.question, self.toolbar, self.legend, self.queue):
            self.body.addWidget(widget)
        self.body.addLayout(line)
        self.body.addWidget(self.needed)
        self.body.addWidget(self.whole)
        self.body.addStretch(1)
        self.body.addWidget(self.kept)
        self.body.addWidget(self.go_on)

    @property
    def key_actions(self) -> Mapping[str, Callable[[], None]]:
        """What keys do, by the names in `KEYS`."""
        tools = {name: partial(self._key, name) for name in TOOLS}
        return {
            **tools,
            "confirm": self.confirm,
            "remove": self.remove,
            "undo": self.undo,
            "redo": self.redo,
            "doubtful": self.next_doubtful,
        }

    def enter(self) -> None:
        """Take the mouse."""
        self._in_front = True
        self._warm_up.start()
        self._begin()
        self.refresh()

    def leave(self) -> None:
        """Give the mouse back to napari, and show the whole image again after one particle."""
        if self._going and self.work is not None:
            self.work.viewer.reset_view()
        self._in_front, self._going, self._tool = False, False, ""
        self._warm_up.stop()
        self._stop()

    def end(self) -> None:
        """End all work."""
        self._going = False
        self.leave()
        self._let_go()

    def refresh(self) -> None:
        """Show the state of the bench as it is now."""
        self._refresh()

    def use(self, name: str) -> None:
        """Choose a tool; empty: none."""
        self.report(None)
        self._going = False
        self._begin()
        if self.mending is not None:
            self.mending.use(name)

    def undo(self) -> None:
        """Take the last step back."""
        if self.work is not None:
            self.work.history.undo()

    def redo(self) -> None:
        """Make the step that was last undone again."""
        if self.work is not None:
            self.work.history.redo()

    def next_doubtful(self) -> None:
        """Select the next doubtful particle, and zoom to it."""
        work = self.work
        if work is None:
            return
        self.report(None)
        self.use("")
        current = next(iter(work.selected)) if len(work.selected) == 1 else None
        found = self._queue.following(current, work.sure, work.history.places.ids)
        self._going = found is not None
        if found is None:
            work.select(())
            self.report("All doubtful particles are checked.")
            return
        work.select([found])
        canvas = canvas_of(self)
        side = 600 if canvas is None else min(canvas.width(), canvas.height())
        work.reveal([found], SHARE_OF_VIEW * side)

    def confirm(self) -> None:
        """Confirm the selected particles, and go on to the next doubtful one."""
        self._decide(lambda work: work.confirm(work.selected))

    def remove(self) -> None:
        """Remove the selected particles, and go on to the next doubtful one."""
        self._decide(lambda work: work.history.erase(work.selected))

    def confirm_all(self) -> None:
        """Confirm all particles, as one step."""
        if self.work is not None:
            unsure = self.work.history.places.ids - self.work.sure
            self.work.confirm(unsure)
            self.report(f"{plural(len(unsure), 'particle')} confirmed.")

    def _decide(self, decide: Callable[[Work], None]) -> None:
        work = self.work
        if work is None or not work.selected:
            self.report("Select a particle first: click it, or press N for the next doubtful one.")
            return
        going, selected = self._going, work.selected
        following = self._queue.following(next(iter(selected)), work.sure | selected, work.history.places.ids)
        decide(work)
        if going and following is not None:
            self.next_doubtful()
        elif going:
            self._going = False
            work.select(())
            self.report("All doubtful particles are checked.")

    def _key(self, name: str) -> None:
        """Choose a tool by its key, or put it down; X removes while doubtful particles are gone through."""
        if name == "erase" and self._going and self.work is not None and self.work.selected:
            self.remove()
            return
        in_use = "" if self.mending is None else self.mending.tools.name
        self.use("" if in_use == name else name)

    def _begin(self) -> None:
        if self.work is not None and self.mending is None and self._in_front:
            guide = guide_over(self)
            self.mending = Mending(self.work, self.report, self.toolbar.value, guide, self._show_tool)

    def _stop(self) -> None:
        if self.mending is not None:
            self.mending.close()
            self.mending = None
        self._show_tool("")

    def _take(self) -> None:
        """Work on the image that is shown now."""
        if self.work is self.state.work:
            return
        self._let_go()
        work = self.work = self.state.work
        if work is None:
            return
        self._queue = Queue()
        self.report(None)
        self.kept.setText("")
        work.changed.connect(self._changed)
        work.selection_changed.connect(self._refresh)
        work.saved.connect(self._saved)
        work.failed.connect(self._unsaved)
        self.needed.setText(work.needed)
        self.whole.take(work)
        self._begin()
        if self.mending is not None and self._tool:
            self.mending.use(self._tool)  # as in the image before
        self._changed()

    def _let_go(self) -> None:
        work, self.work = self.work, None
        self.whole.take(None)
        if self.mending is not None:
            self._tool = self.mending.tools.name
        self._stop()
        self.question.drop()
        if work is not None:
            work.changed.disconnect(self._changed)
            work.selection_changed.disconnect(self._refresh)
            work.saved.disconnect(self._saved)
            work.failed.disconnect(self._unsaved)
        self._refresh()

    def _changed(self) -> None:
        """Look for doubtful particles in the table as it is now."""
        work = self.work
        if work is None:
            return
        there = work.history.places.ids
        if work.table is not self._table:
            self._table, self._reasons = work.table, doubtful(work.table)
        reasons = {number: why for number, why in self._reasons.items() if number in there}
        self._queue.update(reasons, work.sure, there)
        work.doubt(self._queue.left(work.sure, there))
        self._refresh()

    def _refresh(self) -> None:
        work = self.work
        self.setEnabled(True)
        self.complete.setEnabled(work is not None)
        self.strokes.setEnabled(work is not None)
        if work is None:
            self.toolbar.refresh(False, False, False)
            self.queue.refresh(0, 0, 0, 0, 0, "")
            self.legend.refresh({})
            self.needed.setText("Open an image first." if not self.state.current else "")
            return
        history, sure = work.history, work.sure
        there = history.places.ids
        self.toolbar.refresh(True, history.can_undo, history.can_redo)
        selected = work.selected
        why = self._queue.reasons.get(next(iter(selected)), "") if len(selected) == 1 else ""
        left = self._queue.left(sure, there)
        self.queue.refresh(len(self._queue.reasons), len(left), len(selected), len(there - sure), len(there), why)
        self.legend.refresh(work.counts)
        self.complete.setChecked(history.marks.complete)
        self.strokes.setEnabled(not history.marks.complete)

    def _show_tool(self, name: str) -> None:
        self.toolbar.show_tool(name)
        self.strokes.setChecked(name == "strokes")

    def _brush_background(self, on: bool) -> None:
        self.use("strokes" if on else "")

    def _set_complete(self, complete: bool) -> None:
        if self.work is not None:
            self.work.set_complete(complete)

    def _retune(self, tolerance: float) -> None:
        if self.mending is not None:
            self.report(None)
            self.mending.actions.outliner.retune(tolerance)

    def _saved(self) -> None:
        if self.work is not None:
            self.kept.setText("Saved.")
            self.needed.setText(self.work.needed)

    def _unsaved(self, error: UserError) -> None:
        if isinstance(error, ChangedElsewhere):
            mine = Answer("Keep mine", "The other one goes to the folder originals.", self._keep_mine)
            load = Answer("Load what is saved", "Yours is saved in the folder rescued of the workspace.", self._load)
            self.question.ask("Which particles are to be kept?", [load, mine])
            self.wanted.emit(self.title)

    def _keep_mine(self) -> None:
        if self.work is not None:
            self.report(None)
            self.work.keep_mine()

    def _load(self) -> None:
        work = self.work
        if work is None:
            return
        with shown_by(self.report):
            place = work.rescue()
            self.state.reload([work.name], save=False)
            self.report(f"What was saved is shown; yours is kept in {place}.")

    def _go_on(self) -> None:
        self.wanted.emit("Sizes")
