"""The sizes of the particles of an image, of all images, or by group."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from particleforge.measurement.filter import Filter
from particleforge.measurement.groups import ImageTable
from particleforge.measurement.rules import Rules
from particleforge.store.project import Project
from particleforge.widgets.background import Background, Outdated
from particleforge.widgets.bench.sizes.drawing import colours
from particleforge.widgets.bench.sizes.figures_view import FiguresView
from particleforge.widgets.bench.sizes.gather import Gathered, Gatherer
from particleforge.widgets.bench.sizes.large import Movable
from particleforge.widgets.bench.sizes.out import Given, Out
from particleforge.widgets.bench.sizes.plot import SizesPlot
from particleforge.widgets.bench.sizes.remembered import read_remembered, remember
from particleforge.widgets.bench.sizes.rules_form import RulesForm
from particleforge.widgets.bench.sizes.script import script_of
from particleforge.widgets.bench.sizes.script_view import ScriptView
from particleforge.widgets.bench.sizes.shown import Scope, Shown, Summary, shown_of, summary_of
from particleforge.widgets.bench.sizes.table import ParticleTable
from particleforge.widgets.bench.sizes.tracks import TracksRow
from particleforge.widgets.bench.sizes.words import group_html, headline
from particleforge.widgets.bench.state import State
from particleforge.widgets.bench.tab import Tab
from particleforge.widgets.bench.work import Work
from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.form.section import Fold
from particleforge.widgets.qt import single_shot
from particleforge.widgets.unexpected import shown_by
from particleforge.wording import plural
from particleforge.workflows.measure import MeasureParams

SCOPES: dict[Scope, str] = {
    "image": "This image",
    "selected": "Selected images",
    "all": "All images",
    "groups": "All images, by group",
}
LEAST_PX = 200
SETTLE_MS = 120
"""Changes in quick succession are measured together."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be shown, as a thread needs it."""

    project: Project
    names: Sequence[str]
    params: MeasureParams
    chosen: Filter
    grouped: bool
    live: ImageTable | None


class Measuring(QObject):
    """Makes `Shown` in a thread; `progressed` says how many images are done of how many."""

    progressed = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.background, self._gatherer = Background(), Gatherer()

    def run(self, wanted: Wanted) -> None:
        """Measure; an earlier request is dropped."""
        self.background.run(lambda outdated: self._make(wanted, outdated))

    def _make(self, wanted: Wanted, outdated: Outdated) -> tuple[Wanted, Shown, Gathered]:
        def report(done: int, total: int) -> bool:
            if done:
                self.progressed.emit(done, total)
            return outdated()

        rules = rules_of(wanted.params)
        found = self._gatherer.gather(wanted.project, wanted.names, rules, wanted.live, report)
        shown = shown_of(found.images, rules, wanted.chosen, wanted.grouped, wanted.params.pixel_size_uncertainty)
        _ = shown.table, shown.scale, shown.values  # computed here, not when it is painted
        return wanted, shown, found


class SizesTab(Tab):
    """The sizes of the particles of an image, of all images, or by group."""

    title = "Sizes"
    tip = "The sizes of the particles of an image, of all images, or by group."

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.shown = Shown()
        self.summary: Summary | None = None
        self._wanted: Wanted | None = None
        self._front = self._scope_chosen = False
        self._selected: Mapping[str, Collection[int]] = {}
        self._pending: tuple[str, Collection[int]] | None = None
        self._work: Work | None = None
        self.scope = QComboBox(self)
        self.scope.addItems(list(SCOPES.values()))
        self.scope.setToolTip("Whose particles are shown.")
        guard_wheel(self.scope)
        self.fold = Fold("Rules", self)
        self.fold.setToolTip("Which particles count, and what their size is; changes apply at once.")
        self.rules, self.plot, self.table = RulesForm(self), SizesPlot(), ParticleTable(self)
        self.rules.hide()
        self.place = Movable(self.plot, "Sizes", self)
        self.figures, self.groups = FiguresView(self), FiguresView(self)
        self.groups.hide()
        self.script, self.out = ScriptView(self), Out(self._given, self)
        self.tracks = TracksRow(state, self)
        self._measuring, self._summing = Measuring(), Background()
        self._timer = single_shot(self, SETTLE_MS, self._measure)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        for line, choosers in ((first, [self.scope]), (second, [self.plot.kind, self.plot.weighting])):
            line.setSpacing(3)
            for chooser in choosers:
                chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
                chooser.setMinimumContentsLength(7)
                line.addWidget(chooser, 1)
        first.addWidget(self.fold)
        second.addWidget(self.plot.dock)
        content = QWidget(self)
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 2, 0)
        box.setSpacing(2)
        box.addWidget(self.rules)
        box.addWidget(self.figures)
        box.addWidget(self.place, 3)
        box.addWidget(self.groups)
        box.addWidget(self.table, 2)
        self.body.addLayout(first)
        self.body.addLayout(second)
        self.scrolling = _Scrolling(content, self)
        self.body.addWidget(self.scrolling, 1)
        self.body.addWidget(self.script, 1)
        self.body.addWidget(self.tracks)
        self.body.addWidget(self.out)

    def _connect(self) -> None:
        state = self.state
        for changed in (state.rows_changed, state.rules_changed, state.work_changed, self.scope.currentIndexChanged):
            changed.connect(self.refresh)
        state.work_changed.connect(self._follow)
        self.scope.activated.connect(self._choose_scope)
        state.project_changed.connect(self._forget_scope)
        self.fold.opened.connect(self.rules.setVisible)
        self.rules.changed.connect(self._apply)
        self.plot.picked.connect(self.select)
        self.plot.undocked.connect(self.place.toggle)
        self.place.moved.connect(self.plot.set_docked)
        self.table.picked.connect(self.select)
        self.table.removed.connect(self._remove)
        self.table.chosen.connect(self._remember)
        self.out.copied.connect(self._copy)
        self.out.scripted.connect(self._script)
        self.script.closed.connect(self._close_script)
        self.out.reported.connect(self.report)
        self._measuring.background.done.connect(self._show)
        self._measuring.progressed.connect(self._progress)
        self._summing.done.connect(self._sum_up)
        self.tracks.reported.connect(self.report)
        for failed in (
            self.out.failed,
            self.plot.failed,
            self._measuring.background.failed,
            self._summing.failed,
        ):
            failed.connect(self.report)

    @property
    def chosen_scope(self) -> Scope:
        """Whose particles are shown."""
        return list(SCOPES)[self.scope.currentIndex()]

    def _choose_scope(self, _: int) -> None:
        """Keep to what a person has chosen."""
        self._scope_chosen = True

    def _forget_scope(self) -> None:
        """Offer what suits another project, or one with other images."""
        self._scope_chosen = False

    def _propose_scope(self) -> None:
        """Compare the groups if there are several, else show all images."""
        project = self.state.project
        if self._scope_chosen or project is None:
            return
        groups = {image.group for image in project.images}
        scope: Scope = "groups" if len(groups) > 1 else "all" if len(project.images) > 1 else "image"
        self.scope.setCurrentIndex(list(SCOPES).index(scope))

    def refresh(self, _: object = None) -> None:
        """Show the state of the bench, soon."""
        if self._front:
            self._timer.start()

    def enter(self) -> None:
        """Show the state of the bench, and select in the viewer what is selected here."""
        if not self._front:
            self._front = True
            self.table.show_columns(read_remembered().columns)
        self._propose_scope()
        self._follow()
        self.tracks.offer()
        self.refresh()

    def leave(self) -> None:
        """Measure nothing more until the tab comes back."""
        self._front = False
        self._timer.stop()

    def end(self) -> None:
        """End all work, and bring the plot back."""
        self.leave()
        self._measuring.background.drop()
        self._summing.drop()
        self.tracks.release()
        self.rules.release()
        self.plot.canvas.release()
        self.place.bring_back()

    def select(self, particles: Mapping[str, Collection[int]]) -> None:
        """Highlight labels by image everywhere; if they are all of one image, it is shown."""
        self._mark(particles)
        work, images = self.state.work, list(particles)
        if work is not None and (not images or work.name in particles):
            work.select(particles.get(work.name, ()), move=len(particles.get(work.name, ())) == 1)
        elif len(images) == 1:
            self._pending = (images[0], particles[images[0]])
            self.state.show(images[0])

    def _mark(self, particles: Mapping[str, Collection[int]]) -> None:
        if particles != self._selected:
            self._selected = particles
            self.plot.highlight(particles)
            self.table.highlight(particles)

    def _measure(self) -> None:
        project = self.state.project
        if project is None:
            self._show((None, Shown(), Gathered()))
            return
        params = self.state.rules
        self.rules.set_rules(params)
        scope, current = self.chosen_scope, self.state.current
        names = {"image": [current] if current else [], "selected": self.state.selected}.get(scope, self.state.names)
        grouped = scope == "groups"
        self._wanted = Wanted(project, names, params, self.rules.chosen(), grouped, self._live(params))
        self._measuring.run(self._wanted)

    def _live(self, params: MeasureParams) -> ImageTable | None:
        """Return the table of the image that is shown, which may not be on disk yet."""
        work = self.state.work
        if work is None or not (work.searched or len(work.table)):
            return None
        origin = work.origin_now
        finding = {} if origin.checked else origin.finding
        height, width = work.micrograph.shape
        table = work.table
        rows, size = work.loaded.rows, work.pixel_size_nm
        return ImageTable(work.name, table, (height, width), rules_of(params), "", rows, size, finding)

    def _show(self, made: tuple[Wanted | None, Shown, Gathered]) -> None:
        self._wanted, self.shown, found = made
        self.rules.classes.offer({name for image in found.images for name in image.table["class"]})
        self.summary = None
        self._say()
        self.plot.show_sizes(self.shown, None)
        self.table.show_rows(self.shown.table)
        self.table.highlight(self._selected)
        self.out.set_anything(bool(self.shown.count))
        failed = [f"{name}: {reason}" for name, reason in found.failed.items()]
        self.report(" ".join([*self.shown.remarks, *failed]))
        shown = self.shown
        self._summing.run(lambda _: (shown, summary_of(shown)))

    def _sum_up(self, made: tuple[Shown, Summary]) -> None:
        shown, summary = made
        if shown is self.shown:
            self.summary = summary
            self._say()
            self.plot.show_sizes(shown, summary)

    def _say(self) -> None:
        """Show the figures in words."""
        self.figures.show_html(headline(self.shown, self.summary))
        several = len(self.shown.groups) > 1
        shades = colours(len(self.shown.groups), self.figures.ink)
        self.groups.show_html(group_html(self.shown, self.summary, shades) if several else "")
        self.figures.setToolTip(
            f"{self.shown.rules.border.sentence} In parentheses: 95 % confidence intervals. "
            "GSD: geometric standard deviation. D50: median."
        )

    def _progress(self, done: int, total: int) -> None:
        self.report(f"Measuring image {done + 1} of {total}…")

    def _apply(self) -> None:
        """Apply the rules of the form."""
        with shown_by(self.report):
            self.state.set_rules(self.rules.rules())
        self.refresh()

    def _follow(self) -> None:
        """Follow the selection in the image that is shown."""
        work = self.state.work
        if work is not None and work is not self._work:
            work.selection_changed.connect(self._follow_selection)
        self._work = work
        pending, self._pending = self._pending, self._pending if work is None else None
        if work is not None and pending is not None and pending[0] == work.name:
            work.select(pending[1], move=True)

    def _follow_selection(self) -> None:
        work = self.state.work
        if self._front and work is not None and set(work.selected) != set(self._selected.get(work.name, ())):
            self._mark({work.name: sorted(work.selected)} if work.selected else {})

    def _remove(self, particles: Mapping[str, Collection[int]]) -> None:
        work = self.state.work
        if work is not None and work.name in particles:
            work.history.erase(particles[work.name])
        others = [name for name in particles if work is None or name != work.name]
        if others:
            self.report(f"Particles of {plural(len(others), 'other image')} stay; show the image to remove them.")

    def _remember(self, columns: Sequence[str]) -> None:
        with shown_by(self.report):
            remember(columns=tuple(columns))

    def _copy(self) -> None:
        self.report(f"Copied {plural(self.table.copy(), 'row')}.")

    def _script(self) -> None:
        """Show the script in place of the sizes, or these again."""
        if self.script.isHidden() and self._wanted is not None:
            project = self._wanted.project
            self.script.show_script(script_of(project.folder, self.shown, project.names, self._wanted.grouped))
            self.scrolling.hide()
        else:
            self._close_script()

    def _close_script(self) -> None:
        self.script.hide()
        self.scrolling.show()

    def _given(self) -> Given | None:
        if self._wanted is None or not self.shown.count:
            return None
        folder: Path = self._wanted.project.folder
        params = self._wanted.params.recorded()
        return Given(self.shown, self.plot.look, {"command": "measure", "project": str(folder), "params": params})


def rules_of(params: Rules) -> Rules:
    """Return the rules among parameters."""
    return Rules.parse({name: value for name, value in params.model_dump().items() if name in Rules.model_fields})


class _Scrolling(QScrollArea):
    """Scrolls where there is not enough height for all of its content."""

    def __init__(self, content: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWidget(content)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(LEAST_PX)
