"""Teach a detector what a person is sure of."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from particleforge.jobs.messages import Plain, Task
from particleforge.models.trained import Trained
from particleforge.store.project import MODELS, Project
from particleforge.widgets.background import Background
from particleforge.widgets.bench.buttons import emphasise, primary, quiet
from particleforge.widgets.bench.find.known import Known
from particleforge.widgets.bench.find.lesson_list import LessonList
from particleforge.widgets.bench.find.lessons import Example, advice, needed, read_examples, save_missing
from particleforge.widgets.bench.find.notice import Notice
from particleforge.widgets.bench.find.teach_tasks import Teaching, new_teaching, resumed_teaching, stopped_teachings
from particleforge.widgets.bench.find.training import Training
from particleforge.widgets.bench.state import State
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.form.section import Body, Fold
from particleforge.widgets.job_row import JobRow
from particleforge.widgets.model_chooser import ModelChooser
from particleforge.widgets.unexpected import shown_by
from particleforge.widgets.workspace import free_name
from particleforge.workflows.learn import LearnParams


class TeachPage(QWidget):
    """Images that teach, the time for it, and what the detector finds meanwhile.

    `left` asks for the page before, `wanted` gives the title of a step to go to, `taught` gives the project and the
    folder of a detector that was taught, or whose training was stopped, to be used from now on.

    Parameters
    ----------
    state
        The project and its images.
    known
        What was found in them.
    """

    left = Signal()
    wanted = Signal(str)
    taught = Signal(object, object)

    def __init__(self, state: State, known: Known) -> None:
        super().__init__()
        self.state = state
        self.examples: list[Example] = []
        self.running: Teaching | None = None
        self.stopped: Trained | None = None
        self._project: Project | None = None
        self.back = quiet("Back", "previous", "Back to finding particles. A training goes on.")
        self.lessons, self.to_check = LessonList(), quiet("Check")
        self.needed = Notice(self.to_check)
        self.first = primary("Check the particles")
        self.form = FoldedForm(LearnParams, ("minutes",), left_out=("start",), title="More options")
        self.advanced = Fold("Name and start", self)
        self.more = Body(self._advanced, self)
        self.row = JobRow("Teach", "Stop", button=primary(""))
        self.resume = quiet("", "play", "Continue the training where it was stopped.")
        self.use = quiet("Find with it", "find", "Use the best detector of the stopped training.")
        self.training = Training()
        self.name, self.start = QLineEdit(), ModelChooser(starting=True)
        self._reader = Background()
        self._lay_out()
        self._connect(known)
        self._show_running(False)

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        top = QHBoxLayout()
        top.addWidget(self.back)
        top.addWidget(QLabel("<b>Teach a detector</b>"), 1)
        box.addLayout(top)
        for widget in (self.lessons, self.needed, self.form, self.advanced, self.more, self.row, self.first):
            box.addWidget(widget)
        onward = QHBoxLayout()
        onward.addWidget(self.resume)
        onward.addWidget(self.use)
        box.addLayout(onward)
        box.addWidget(self.training)
        box.addStretch(1)

    def _advanced(self) -> QWidget:
        made = QWidget()
        lines = QFormLayout(made)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        lines.addRow("Name", self.name)
        lines.addRow("Start from", self.start)
        return made

    def _connect(self, known: Known) -> None:
        self.back.clicked.connect(self.left)
        for button in (self.to_check, self.first):
            button.clicked.connect(self._go_to_check)
        self.lessons.ticked.connect(self._tick)
        self.advanced.opened.connect(self.more.show_content)
        for changed in (self.form.changed, self.name.textChanged):
            changed.connect(self.check)
        self.row.requested.connect(self.teach)
        self.row.advanced.connect(self.training.advance)
        self.row.done.connect(self._finish)
        self.row.stopped.connect(self._stop)
        self.row.failed.connect(self._stop)
        self.resume.clicked.connect(self.go_on)
        self.use.clicked.connect(self._use)
        self._reader.done.connect(self._show)
        known.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Read again what can be learned from; nothing while the page is not shown."""
        project = self.state.project
        if project is None or not self.isVisible():
            return
        self._reader.run(lambda outdated: (project, read_examples(project, outdated), stopped_teachings(project)))

    def check(self) -> None:
        """Enable the button if there is something to learn from, and state what would help."""
        missing = needed(self.examples)
        self.needed.report(missing or advice(self.examples))
        self.row.set_problem("" if missing else self._problem())  # what is missing stands above, with a button
        count = sum(example.sure for example in self.examples if example.teaches)
        self.row.set_text(f"Teach from {count} particles" if count else "Teach")

    def teach(self) -> None:
        """Begin to train."""
        with shown_by(self.row.message.warn):
            project, name = self.state.ensure_project(), self.name.text().strip()
            params = self.form.params().replace(start=self.start.value())
            task = new_teaching(project, name, params)
            self._begin(Teaching(project, project.model(name)), task)

    def go_on(self) -> None:
        """Continue the training that was stopped last."""
        with shown_by(self.row.message.warn):
            if self.stopped is not None:
                project = self.state.ensure_project()
                self._begin(Teaching(project, self.stopped.path), resumed_teaching(project, self.stopped.path))

    def end(self) -> None:
        """End all work; a training is stopped and can be resumed."""
        self._reader.drop()
        self.row.cancel()

    def _problem(self) -> str | None:
        """Return why the training as entered cannot be run; None if it can."""
        project, name = self.state.project, self.name.text().strip()
        if not name:
            return "Enter a name for the detector."
        if project is not None and (project.folder / MODELS / name).exists():
            return f"A detector called {name} already exists; choose another name."
        return self.form.problem

    def _begin(self, teaching: Teaching, task: Task) -> None:
        if self.row.running:
            return
        if self.state.work is not None:
            self.state.work.saver.flush()
        self.running = teaching
        self.row.start(_prepare(teaching, task, [example.name for example in self.examples if example.teaches]))
        self.row.message.report("Starting")
        self.training.begin(teaching.out)
        self._show_running(True)

    def _show(self, read: tuple[Project, list[Example], list[Trained]]) -> None:
        project, self.examples, stopped = read
        if project is not self._project:
            self._project = project
            self._offer_name()
        self.stopped = stopped[0] if stopped else None
        self.lessons.show_examples(self.examples)
        self.check()
        self._show_running(self.running is not None)

    def _offer_name(self) -> None:
        project = self.state.project
        if project is not None:
            self.name.setText(free_name(project.folder / MODELS, "detector"))
            self.start.set_folder(project.folder / MODELS)

    def _show_running(self, running: bool) -> None:
        """Leave the room to the training while it runs."""
        some = not running and bool(self.examples)
        for widget in (self.lessons, self.form, self.advanced):
            widget.setVisible(some)
        self.more.setVisible(some and self.advanced.isChecked())
        self.needed.setVisible(some and bool(self.needed.text))
        self.row.button.setVisible(running or some)
        self.first.setVisible(not running and not some)
        self.training.setVisible(running)
        emphasise(self.row.button, not running)
        stopped = None if running else self.stopped
        self.resume.setVisible(stopped is not None)
        self.resume.setText("" if stopped is None else f"Resume {stopped.name}")
        self.use.setVisible(stopped is not None and stopped.usable)

    def _tick(self, name: str, teaches: bool) -> None:
        with shown_by(self.row.message.warn):
            self.state.ensure_project().set([name], teaches=teaches)
        self.examples = [
            replace(example, teaches=teaches) if example.name == name else example for example in self.examples
        ]
        self.check()

    def _finish(self, value: Plain) -> None:
        teaching = self.running
        self._ended()
        if teaching is not None:
            self.taught.emit(teaching.project, teaching.out)

    def _stop(self, _: object = None) -> None:
        self._ended()

    def _ended(self) -> None:
        self.running = None
        self._show_running(False)
        self._offer_name()
        self.refresh()

    def _use(self) -> None:
        if self.stopped is not None:
            self.taught.emit(self.state.ensure_project(), self.stopped.path)

    def _go_to_check(self) -> None:
        self.wanted.emit("Check")


def _prepare(teaching: Teaching, task: Task, names: Sequence[str]) -> Callable[[], Task]:
    """Return a function that writes what images teach where it was not written yet, and returns the task."""

    def prepare() -> Task:
        save_missing(teaching.project, names)
        return task

    return prepare
