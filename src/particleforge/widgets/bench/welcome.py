"""What the bench shows while it has no image: three ways to begin."""

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from particleforge.widgets.bench.buttons import primary, quiet
from particleforge.widgets.bench.recent import recent_projects

STEPS = (
    "<b>1  Scale</b>: how large a pixel is<br><b>2  Find</b>: particles, with the built-in detector or your own<br>"
    "<b>3  Check</b>: correct what was found<br><b>4  Sizes</b>: distributions with their uncertainty"
)


class Welcome(QWidget):
    """Offers a folder, sample images and the projects opened last.

    `folder_wanted` and `samples_wanted` ask for these, `opened` gives a project that was chosen.
    """

    folder_wanted = Signal()
    samples_wanted = Signal()
    opened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        heading = QLabel("From micrographs to particle sizes in four steps")
        heading.setStyleSheet("font-size: 15px; font-weight: 600")
        steps = QLabel(STEPS)
        for label in (heading, steps):
            label.setWordWrap(True)
            box.addWidget(label)
        box.addSpacing(10)
        self.folder = primary("Open a folder of micrographs")
        self.folder.clicked.connect(self.folder_wanted)
        self.samples = quiet("Try it with sample images")
        self.samples.setToolTip("Copies four small synthetic micrographs into the workspace, and opens them.")
        self.samples.clicked.connect(self.samples_wanted)
        box.addWidget(self.folder)
        box.addWidget(self.samples)
        hint = QLabel("Or drop files or folders here, or open images in napari.")
        hint.setWordWrap(True)
        box.addWidget(hint)
        box.addSpacing(10)
        self.heading = QLabel("Opened last")
        box.addWidget(self.heading)
        self._recent = QVBoxLayout()
        box.addLayout(self._recent)
        box.addStretch(1)
        self.recent: list[QPushButton] = []
        self.refresh()

    def refresh(self) -> None:
        """List the projects opened last."""
        for button in self.recent:
            button.setParent(None)
            button.deleteLater()
        self.recent = []
        for folder in recent_projects():
            button = quiet(folder.name)
            button.setToolTip(str(folder))
            button.clicked.connect(self._open)
            self._recent.addWidget(button)
            self.recent.append(button)
        self.heading.setVisible(bool(self.recent))

    def _open(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton):
            self.opened.emit(Path(button.toolTip()))
