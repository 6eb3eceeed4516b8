"""Where the commands of earlier panels lead: their work is done in the steps of the bench."""

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from particleforge.widgets.bench.bench import Bench
from particleforge.widgets.bench.buttons import primary
from particleforge.widgets.proxies import plain

if TYPE_CHECKING:
    from napari import Viewer

TITLE = "ParticleForge"


class _Moved(QWidget):
    """States which step of the bench does the work of a panel, and opens it."""

    panel: ClassVar[str]
    step: ClassVar[str]

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__()
        self._viewer = plain(napari_viewer)
        words = QLabel(f"{self.panel} is now the step {self.step} of ParticleForge, where all images are in one place.")
        words.setWordWrap(True)
        self.button = primary(f"Open {TITLE}")
        self.button.clicked.connect(self.open)
        box = QVBoxLayout(self)
        box.addWidget(words)
        box.addWidget(self.button)
        box.addStretch(1)

    def open(self) -> None:
        """Show the bench at this step."""
        bench = self._viewer.window.dock_widgets.get(TITLE)
        if not isinstance(bench, Bench):
            bench = Bench(self._viewer)
            self._viewer.window.add_dock_widget(bench, name=TITLE)
        bench.show()
        bench.go_to(self.step)


class Annotate(_Moved):
    """Leads to the step in which particles are drawn and corrected."""

    panel, step = "Annotate", "Check"


class Measure(_Moved):
    """Leads to the step in which particles are found."""

    panel, step = "Measure", "Find"


class Train(_Moved):
    """Leads to the step in which detectors are taught."""

    panel, step = "Train", "Find"
