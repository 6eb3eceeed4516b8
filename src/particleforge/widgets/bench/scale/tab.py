"""The pixel size of images: from their files, from scale bars, or as entered."""

from collections.abc import Collection, Iterable

from particleforge.errors import UserError
from particleforge.widgets.background import Background
from particleforge.widgets.bench.buttons import emphasise, primary
from particleforge.widgets.bench.scale.certainty_row import CertaintyRow
from particleforge.widgets.bench.scale.facts import Facts, levels, read_facts
from particleforge.widgets.bench.scale.levels_table import LevelsTable
from particleforge.widgets.bench.scale.same_bar import Proposal, same_bar
from particleforge.widgets.bench.scale.spread import Spread, targets
from particleforge.widgets.bench.scale.this_image import ThisImage
from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab
from particleforge.widgets.unexpected import shown_by
from particleforge.wording import named, plural

NEXT_STEP = "Find"


class ScaleTab(Tab):
    """The pixel size of images: from their files, from scale bars, or as entered."""

    title = "Scale"
    tip = "The pixel size of images: from their files, from scale bars, or as entered."

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._facts: dict[str, Facts] = {}
        self._unread: set[str] = set()
        self._front = self._looking = False
        self._reader, self._searcher = Background(), Background()
        self._reader.done.connect(self._take)
        self._searcher.done.connect(self._propose)
        self.image, self.spread, self.table = ThisImage(), Spread(), LevelsTable(self)
        self.certainty, self.next = CertaintyRow(), primary("Find particles")
        self.image.given.connect(self._give_shown)
        self.image.measure.toggled.connect(self.spread.setHidden)
        self.spread.chosen.connect(self._spread)
        self.spread.accepted.connect(self._accept)
        self.spread.undone.connect(self._undo)
        self.table.chosen.connect(self.state.select)
        self.certainty.changed.connect(self._set_certainty)
        self.next.clicked.connect(self._go_on)
        for failed in (self._reader.failed, self._searcher.failed, self.image.failed, self.certainty.failed):
            failed.connect(self.report)
        self.body.addWidget(self.image)
        self.body.addWidget(self.spread)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.certainty)
        self.body.addWidget(self.next)
        state.rows_changed.connect(self.read)

    @property
    def shown(self) -> Facts | None:
        """What is known of the image that is shown; if none can be, of the one that is selected."""
        return self._facts.get(self.state.current or next(iter(self.state.selected), ""))

    @property
    def without_scale(self) -> list[str]:
        """Names of the images that lack a scale, in the order of the project."""
        lacking = {name for name, facts in self._facts.items() if facts.lacks_scale and not facts.problem}
        return [name for name in self.state.names if name in lacking]

    def refresh(self) -> None:
        """Show the image that is shown now, and read the scale of images that are new."""
        self._facts = {name: facts for name, facts in self._facts.items() if name in self.state.names}
        self._show()
        self.read([name for name in self.state.names if name not in self._facts])

    def enter(self) -> None:
        """Read the scales of all images."""
        self._front = True
        self.certainty.show_text(self.state.rules.pixel_size_uncertainty)
        self.refresh()
        self.read(self.state.names)

    def leave(self) -> None:
        """Remove the line along the bar."""
        self._front = False
        self.image.measure.setChecked(False)

    def end(self) -> None:
        """Stop reading."""
        self.leave()
        self._reader.drop()
        self._searcher.drop()

    def read(self, names: Iterable[str]) -> None:
        """Read the scale of images, again if it was read before."""
        project = self.state.project
        if project is None or not self._front:
            return
        self._unread |= set(names)
        wanted = [name for name in project.names if name in self._unread]
        if wanted:
            self._reader.run(lambda _: [read_facts(project, name) for name in wanted])

    def _take(self, found: Collection[Facts]) -> None:
        self._facts |= {facts.name: facts for facts in found}
        self._unread -= {facts.name for facts in found}
        self._show()

    def _show(self) -> None:
        """Show everything that is known by now."""
        facts = [self._facts[name] for name in self.state.names if name in self._facts]
        self.image.show_image(self.shown, self.state.work)
        self.spread.show_targets(
            self.shown, targets(self.shown, facts, self.state.selected), len(self.state.scaling.undoable)
        )
        self.table.show_levels(levels(facts))
        self.next.setEnabled(bool(self.state.names))
        others = [name for name in self.without_scale if name != self.state.current]
        if others:
            self.next.setText(f"Next image without a scale ({len(others)})")
        else:
            lacking = bool(self.without_scale)
            self.next.setText("Find particles, sizes in pixels" if lacking else "Find particles")
        here = self.state.current in self.without_scale
        emphasise(self.image.measure, here)
        emphasise(self.next, not here)
        self._look_for_bar()

    def _look_for_bar(self) -> None:
        """Look for the bar of an image without a scale that was asked for."""
        work = self.state.work
        if self._looking and work is not None and self.shown is not None:
            self._looking = False
            self.image.measure.setChecked(self.shown.lacks_scale)

    def _give_shown(self, side_nm: float | None) -> None:
        """Give the image that is shown a scale; where it was measured, look for the same bar in others."""
        shown, bar, work = self.shown, self.image.ruler.bar, self.state.work
        if shown is None:
            return
        self.image.measure.setChecked(False)
        if not self._give([shown.name], side_nm) or side_nm is None or bar is None or work is None:
            return
        project, grey = self.state.project, work.micrograph.grey
        names = [f.name for f in self._facts.values() if f.lacks_scale and f.shape == shown.shape and f is not shown]
        if project is not None and names:
            self._searcher.run(lambda outdated: same_bar(project, grey, bar, side_nm, names, outdated))

    def _propose(self, proposal: Proposal) -> None:
        self.spread.propose(proposal if proposal.names else None)

    def _accept(self, proposal: Proposal) -> None:
        self._give_others(proposal.names, proposal.side_nm)

    def _spread(self, names: Collection[str]) -> None:
        if self.shown is not None and self.shown.side_nm is not None:
            self._give_others(names, self.shown.side_nm)

    def _give_others(self, names: Collection[str], side_nm: float) -> None:
        """Give images a scale, and name those that had another one."""
        replaced = [name for name in names if not self._facts[name].lacks_scale]
        if self._give(names, side_nm):
            had = f" Of them, {named(replaced)} had another scale before." if replaced else ""
            self.report(f"The scale was set for {plural(len(names), 'image')}.{had}")

    def _give(self, names: Collection[str], side_nm: float | None) -> bool:
        """Give images a scale; return whether that was possible."""
        self.report(None)
        self.spread.propose(None)
        if self.state.project is None:
            return False
        try:
            self.state.scaling.give(self.state.project, dict.fromkeys(names, side_nm))
        except UserError as error:
            self.report(error)
            return False
        if not self.state.current and names:
            self.state.show(next(iter(names)))
        return True

    def _undo(self) -> None:
        with shown_by(self.report):
            names = self.state.scaling.undo()
            self.report(f"{named(names)} {'has' if len(names) == 1 else 'have'} the scale of before again.")

    def _set_certainty(self, text: str | None) -> None:
        with shown_by(self.report):
            self.state.set_rules(self.state.rules.replace(pixel_size_uncertainty=text))

    def _go_on(self) -> None:
        """Show the next image without a scale; where there is none, go to the next step."""
        names = self.state.names
        place = names.index(self.state.current) if self.state.current in names else -1
        others = [name for name in self.without_scale if name != self.state.current]
        if not others:
            self.wanted.emit(NEXT_STEP)
            return
        self._looking = True
        self.state.show(next((name for name in others if names.index(name) > place), others[0]))
