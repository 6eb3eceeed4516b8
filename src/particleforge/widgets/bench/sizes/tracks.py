"""The button that follows the particles of the movies of a project, and shows their tracks."""

from collections.abc import Sequence

from napari.layers import Layer
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from particleforge.jobs.messages import Plain, Task
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.tracking.words import movie_words
from particleforge.store.project import RESULTS, Project
from particleforge.widgets.background import Background
from particleforge.widgets.bench.buttons import quiet
from particleforge.widgets.bench.state import State
from particleforge.widgets.job_row import JobRow
from particleforge.widgets.movie import followed, movie_layers
from particleforge.workflows.measure import measure

TIP = (
    "Find and measure the particles of all frames where this has not been done yet, follow them, and show them with "
    "their tracks. Growth curves are in growth.html in the folder results."
)


class TracksRow(JobRow):
    """Measures a project, follows its particles, and adds layers of its movies to the viewer.

    `reported` gives a message or a `UserError`.

    Parameters
    ----------
    state
        The project, and the viewer.
    """

    reported = Signal(object)

    def __init__(self, state: State, parent: QWidget | None = None) -> None:
        super().__init__("Follow particles", "Stop", parent, quiet("Follow particles", "next", TIP))
        self._state = state
        self._loading = Background()
        self._loading.done.connect(self._show)
        self._loading.failed.connect(self.reported)
        self.requested.connect(self._begin)
        self.done.connect(self._load)
        self.hide()

    def offer(self) -> None:
        """Show it where the project holds planes of stacks."""
        project = self._state.project
        self.setVisible(project is not None and any(image.page is not None for image in project.images))

    def release(self) -> None:
        """Take no notice of what is still being read."""
        self._loading.drop()

    def _begin(self) -> None:
        project, work = self._state.project, self._state.work
        if project is None:
            return
        if work is not None:
            work.saver.flush()
        task = Task.of(measure, self._state.rules.replace(track=True), project=project.folder)
        self.start(lambda: task)

    def _load(self, _: Plain) -> None:
        """Read what was written."""
        project = self._state.project
        if project is not None:
            self._state.reload(project.names)
            self._loading.run(lambda _: _layers(project))

    def _show(self, made: tuple[Sequence[Layer], str]) -> None:
        """Show the movies in place of the image."""
        layers, words = made
        viewer = self._state.viewer
        names = {layer.name for layer in layers}
        for old in [layer for layer in viewer.layers if layer.name in names and layer.metadata.get("particleforge")]:
            viewer.layers.remove(old)
        for other in viewer.layers:
            other.visible = False
        for layer in layers:
            viewer.add_layer(layer)
        viewer.reset_view()
        self.reported.emit(words)


def _layers(project: Project) -> tuple[Sequence[Layer], str]:
    """Layers of the movies, and what is known of them in words."""
    results = ResultsFolder.open(project.folder / RESULTS)
    planes = project.planes(results.names)
    layers = [layer for movie in followed(results).values() for layer in movie_layers(results, movie, planes)]
    return layers, movie_words(results.summary.get("movies", {}))
