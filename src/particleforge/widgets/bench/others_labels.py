"""Labels that lie in the folder of a project: they are offered as particles, and never changed."""

from qtpy.QtCore import Signal

from particleforge.store.found_labels import Adopted, adopt_labels, found_labels
from particleforge.store.project import Project
from particleforge.widgets.background import Background
from particleforge.widgets.bench.buttons import quiet
from particleforge.widgets.bench.find.notice import Notice
from particleforge.widgets.bench.state import State
from particleforge.wording import listed, plural


class OthersLabels(Notice):
    """Asks whether labels of other programs are to be used; `report_wanted` gives an error to show."""

    report_wanted = Signal(object)

    def __init__(self, state: State) -> None:
        self.use = quiet("Use them", tip="Take them as particles that you are sure of; their files stay as they are.")
        super().__init__(self.use)
        self._state = state
        self._looking, self._adopting = Background(), Background(finishes=True)
        self._looking.done.connect(self._offer)
        self._looking.failed.connect(self.report_wanted)
        self._adopting.done.connect(self._adopted)
        self._adopting.failed.connect(self.report_wanted)
        self.use.clicked.connect(self.adopt)
        state.project_changed.connect(self.look)

    def look(self) -> None:
        """Look for labels of images without particles, in a thread."""
        self.report("")
        self._looking.drop()
        project = self._state.project
        if project is not None and project.names:
            self._looking.run(lambda _: (project, list(found_labels(project))))

    def adopt(self) -> None:
        """Take the labels over."""
        project = self._state.project
        if project is not None:
            self.report("")
            self._adopting.run(lambda _: (project, adopt_labels(project)))

    def close_down(self) -> None:
        """End what is going on."""
        self._looking.drop()

    def _offer(self, found: tuple[Project, list[str]]) -> None:
        project, names = found
        if project is self._state.project and names:
            self.report(f"{plural(len(names), 'image')} of this folder have labels: {listed(names)}.")

    def _adopted(self, done: tuple[Project, Adopted]) -> None:
        project, adopted = done
        if project is not self._state.project:
            return
        self._state.reload(list(adopted.counts))
        for error in list(adopted.failed.values())[:1]:
            self.report_wanted.emit(error)
