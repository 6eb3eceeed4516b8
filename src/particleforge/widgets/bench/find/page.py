"""Find the particles of images with a detector."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from particleforge.jobs.messages import Advance, Plain, Task
from particleforge.store.project import MODELS, Project
from particleforge.widgets.bench.buttons import emphasise, primary, quiet
from particleforge.widgets.bench.find.choices import Choices
from particleforge.widgets.bench.find.comparison import Comparison
from particleforge.widgets.bench.find.known import Known
from particleforge.widgets.bench.find.notice import Notice
from particleforge.widgets.bench.find.options import DetectorOptions
from particleforge.widgets.bench.find.scope import Scope, image_of, proposed, scopes
from particleforge.widgets.bench.find.words import corrections_words, doubtful, found_words
from particleforge.widgets.bench.state import State
from particleforge.widgets.job_row import JobRow
from particleforge.widgets.message import Message
from particleforge.widgets.model_chooser import ModelChooser
from particleforge.widgets.unexpected import shown_by
from particleforge.workflows.find import FindParams, find

WARM_UP = "particleforge.workflows._warm_up:warm_up"
KEEP, LEAVE = "keep", "leave"
CORRECTED = ((KEEP, "Find the rest around them"), (LEAVE, "Leave as they are"))


@dataclass(frozen=True)
class Run:
    """A search in progress.

    Parameters
    ----------
    project
        The project.
    names
        Images that are searched.
    before
        Number of particles found in them before, by name, to compare with.
    """

    project: Project
    names: tuple[str, ...]
    before: Mapping[str, int] | None = None


class FindPage(QWidget):
    """Detector, images, and the button that finds their particles.

    `wanted` gives the title of the step to go to next, `taught` asks for the page where detectors are taught, `ended`
    follows the end of a search that was not stopped.

    Parameters
    ----------
    state
        The project and its images.
    known
        What was found in them.
    """

    wanted = Signal(str)
    taught = Signal()
    ended = Signal()

    def __init__(self, state: State, known: Known) -> None:
        super().__init__()
        self.state, self.known = state, known
        self.running: Run | None = None
        self._which, self._corrected, self._selected = "", KEEP, 0
        self._failed: dict[str, str] = {}
        self._compared: Run | None = None
        self.model, self.options = ModelChooser(), DetectorOptions()
        self.images, self.corrected = Choices(), Choices()
        self.to_scale = quiet("Set the scale")
        self.no_scale, self.mended = Notice(self.to_scale), Notice()
        self.row = JobRow("Find particles", "Stop", button=primary(""), warm_up=WARM_UP)
        self.outcome, self.comparison = Message(self), Comparison(self)
        self.check, self.sizes = primary("Check the particles"), primary("See the sizes")
        self.teach = quiet("Not good? Teach it", "teach", "Train a detector on particles that you are sure of.")
        self._lay_out()
        self._connect()
        self._show_options()

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        lines = QFormLayout()
        lines.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        lines.addRow("Detector", self.model)
        box.addLayout(lines)
        box.addWidget(self.options)
        for widget in (
            self.images,
            self.no_scale,
            self.mended,
            self.corrected,
            self.row,
            self.outcome,
            self.comparison,
        ):
            box.addWidget(widget)
        onward = QHBoxLayout()
        for button in (self.check, self.sizes):
            onward.addWidget(button)
        box.addLayout(onward)
        box.addWidget(self.comparison)
        box.addStretch(1)
        box.addWidget(self.teach)

    def _connect(self) -> None:
        self.model.changed.connect(self._show_options)
        self.options.changed.connect(self.refresh)
        self.images.chosen.connect(self._choose)
        self.corrected.chosen.connect(self._decide)
        self.row.requested.connect(self.run)
        self.row.advanced.connect(self._advance)
        self.row.done.connect(self._finish)
        self.row.stopped.connect(self._stop)
        self.row.failed.connect(self._stop)
        for button, title in ((self.to_scale, "Scale"), (self.check, "Check"), (self.sizes, "Sizes")):
            button.clicked.connect(partial(self.wanted.emit, title))
        self.teach.clicked.connect(self.taught)
        self.known.changed.connect(self._learn)
        self.state.selected_changed.connect(self._follow_selection)

    @property
    def scope(self) -> Scope | None:
        """The images that would be searched; None if there are none."""
        offered = self._scopes()
        chosen = next((scope for scope in offered if scope.which == self._which), None)
        return chosen or proposed(offered, self._tried())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the images that would be searched."""
        scope = self.scope
        names = () if scope is None else scope.names
        if self._corrected == KEEP:
            return names
        return tuple(name for name in names if name not in self._mended(names))

    def refresh(self) -> None:
        """Show the state of the bench as it is now."""
        if self.running is not None:
            return
        scope, offered = self.scope, self._scopes()
        self.images.offer([(one.which, one.short) for one in offered], scope.which if scope else "")
        self.images.setVisible(len(offered) > 1)
        self.no_scale.report(self._without_scale())
        mended = self._mended(scope.names if scope else ())
        self.mended.report(corrections_words(mended) if mended else "")
        self.corrected.offer(CORRECTED, self._corrected)
        self.corrected.setVisible(bool(mended))
        self.row.set_problem(self._problem(scope))
        found = scope is not None and self._tried().issuperset(scope.names)
        again = " again" if found else ""
        self.row.set_text(f"Find particles{again} in {scope.words}" if scope else "Find particles")
        self._show_outcome(found)

    def run(self) -> None:
        """Find particles in the chosen images."""
        with shown_by(self.row.message.warn):
            self.search(self.names)

    def find_again(self, model: Path) -> None:
        """Find particles with another detector in the images searched before, or in all, and compare."""
        self.model.refresh()
        self.model.set_value(model)
        before = {name: origin.count for name, origin in self.known.searched.items()}
        with shown_by(self.row.message.warn):
            self.search(list(before) or self.state.names, before)

    def search(self, names: Sequence[str], before: Mapping[str, int] | None = None) -> None:
        """Find particles in images; with counts from before, they are compared in the end.

        Raises
        ------
        UserError
            If the image that is shown cannot be saved, or an option is wrong.
        """
        project = self.state.ensure_project()
        if self.row.running or not names:
            return
        if self.state.work is not None:
            self.state.work.saver.flush()
        scope = next((one for one in self._scopes() if set(names) <= set(one.names)), None)
        self._which = scope.which if scope else ""
        self.running, self._failed = Run(project, tuple(names), before), {}
        self.comparison.hide()
        self.outcome.report("")
        emphasise(self.row.button, False)
        self.check.hide()
        self.sizes.hide()
        self.row.start(_prepare(self.running, self.model.value(), self.options.values()))

    def warm_up(self) -> None:
        """Load the detector's libraries before the first click."""
        if self.state.names:
            self.row.warm_up()

    def cool_down(self) -> None:
        """End the process that waits for a click."""
        self.row.cool_down()

    def end(self) -> None:
        """End all work."""
        self.row.cool_down()
        self.row.cancel()

    def show_project(self) -> None:
        """Offer the detectors of the project, and choose the one in use."""
        project = self.state.project
        self.model.set_folder(None if project is None else project.folder / MODELS)
        if project is not None:
            self.model.set_value(project.detector)
            self.options.set_values(project.contents.measuring.get("options", {}))
        self._which, self._failed, self._compared = "", {}, None
        self.comparison.hide()

    def _scopes(self) -> list[Scope]:
        state = self.state
        return scopes(state.names, state.current, state.selected, self._tried())

    def _tried(self) -> set[str]:
        """Images in which particles were looked for."""
        return {*self.known.searched, *(name for name, why in self.state.problems.items() if why)}

    def _mended(self, names: Sequence[str]) -> list[str]:
        return [name for name, origin in self.known.of(names).items() if origin.mended]

    def _problem(self, scope: Scope | None) -> str | None:
        if scope is None:
            return "Open an image, or a folder of images."
        if not self.names:
            return "All of these images hold corrections, which are to be left as they are."
        return self.options.problem

    def _without_scale(self) -> str:
        work = self.state.work
        return "" if work is None or work.pixel_size_nm is not None else "No scale: sizes will be in pixels."

    def _show_outcome(self, found: bool) -> None:
        names = self.scope.names if self.scope else ()
        origins = self.known.of(names)
        lines = [found_words(origins)]
        lines += [f"{name}: not searched. {why}" for name, why in self._failed.items() if name in names]
        self.outcome.report(" ".join(filter(None, lines)))
        some = any(origin.count for origin in origins.values())
        for button in (self.check, self.sizes):
            button.setVisible(some)
        emphasise(self.row.button, not (found and some))
        emphasise(self.check, found and doubtful(origins))
        emphasise(self.sizes, found and not doubtful(origins))

    def _show_options(self) -> None:
        self.options.show_model(self.model.value())
        self.refresh()

    def _choose(self, which: str) -> None:
        self._which = which
        self.refresh()

    def _decide(self, corrected: str) -> None:
        self._corrected = corrected
        self.refresh()

    def _follow_selection(self) -> None:
        """Several images that have just been selected are meant."""
        count = len(self.state.selected)
        if count != self._selected and (count > 1 or self._which == "selected"):
            self._which = "selected" if count > 1 else ""
        self._selected = count
        self.refresh()

    def _learn(self) -> None:
        """Show what has become known, after a search with a comparison."""
        self.refresh()
        run = self._compared
        if run is not None and run.before is not None and run.project is self.state.project:
            self.comparison.compare(Path(self.model.value()).name, run.before, self.known.of(run.names))

    def _advance(self, advance: Advance) -> None:
        if self.running is None or not (name := image_of(advance.message, self.running.names)):
            return
        words = advance.message.removeprefix(f"{name}: ")
        if words.startswith("not searched. "):
            self._failed[name] = words.removeprefix("not searched. ")
            self.state.note_problem(name, self._failed[name])
        elif self.state.project is self.running.project:
            self.state.note_problem(name, "")
            self.state.reload([name])

    def _finish(self, value: Plain) -> None:
        run = self.running
        self._stop(which=self._which)
        self._compared = run if run is not None and run.before is not None else None
        self.row.message.report(str(value.get("remarks", "")))
        self.ended.emit()

    def _stop(self, _: object = None, which: str = "") -> None:
        self.running = None
        self._which = which
        self.known.read(self.state.names)
        self.refresh()
        if self.isVisible():
            self.warm_up()


def _prepare(run: Run, model: str, options: Mapping[str, object]) -> Callable[[], Task]:
    """Return a function that notes detector and options in the project, and returns the task."""

    def prepare() -> Task:
        project = run.project
        folder = Path(model)
        own = folder.is_absolute() and folder.is_relative_to(project.folder)
        name = folder.relative_to(project.folder).as_posix() if own else model
        rest = {key: value for key, value in project.contents.measuring.items() if key != "options"}
        measuring = {**rest, **({"options": dict(options)} if options else {})}
        if (name, measuring) != (project.contents.detector, project.contents.measuring):
            project.configure(detector=name, measuring=measuring)
        return Task.of(find, FindParams(again=True), project=project.folder, only=run.names)

    return prepare
