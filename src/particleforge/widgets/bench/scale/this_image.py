"""The scale of one image, and the three ways to it: from its file, from the scale bar, as entered."""

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from particleforge.annotate.scale import parse_pixel_size_nm
from particleforge.errors import UserError
from particleforge.store.calibration import TOLERANCE
from particleforge.widgets.annotate.parts import words
from particleforge.widgets.bench.buttons import quiet
from particleforge.widgets.bench.scale.facts import Facts, length, per_pixel
from particleforge.widgets.bench.scale.ruler import Ruler
from particleforge.widgets.bench.work import Work
from particleforge.widgets.form.editor import warning_colour

HOW = "Measure the scale bar or enter the pixel size; without a scale, sizes are in pixels."
HEADLINE = "font-size: 15px; font-weight: 600;"


class ThisImage(QWidget):
    """Shows the scale of an image and where it is from, and sets it.

    `given` gives the side of a pixel in nm, None for what the file states; `failed` a `UserError`.
    """

    given = Signal(object)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._work: Work | None = None
        self.headline = QLabel(self)
        self.about = words()
        self.pixel_size = QLineEdit(self)
        self.pixel_size.setPlaceholderText("or enter 1.2 nm/px")
        self.pixel_size.setToolTip("Side of a pixel with its unit, such as 1.2 nm or 0.5 µm/px. Press Enter to set it.")
        self.pixel_size.returnPressed.connect(self._type)
        self.enter_size = quiet("Set", tip="Set the scale of this image to the pixel size entered.")
        self.enter_size.clicked.connect(self._type)
        self.measure = quiet("Measure scale bar", "ruler", "Find the scale bar, or draw a line along it.")
        self.measure.setCheckable(True)
        self.measure.toggled.connect(self._measure)
        self.from_file = quiet("As in the file", "undo", "Use the scale that the image file states.")
        self.from_file.clicked.connect(self._use_file)
        self.ruler = Ruler()
        self.ruler.measured.connect(self.given)
        self.ruler.failed.connect(self.failed)
        self.typing = QWidget(self)
        typed = QHBoxLayout(self.typing)
        typed.setContentsMargins(0, 0, 0, 0)
        typed.addWidget(self.pixel_size, 1)
        typed.addWidget(self.enter_size)
        head, ways = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.headline, 1)
        head.addWidget(self.from_file)
        ways.addWidget(self.measure)
        ways.addWidget(self.typing, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(head)
        box.addWidget(self.about)
        box.addLayout(ways)
        box.addWidget(self.ruler)

    def show_image(self, facts: Facts | None, work: Work | None) -> None:
        """Show the scale of an image; without `work` it is not shown in the viewer."""
        self.setEnabled(facts is not None)
        if work is not self._work:
            self.measure.setChecked(False)
        self._work = work
        self.measure.setEnabled(work is not None)
        self.from_file.setVisible(facts is not None and facts.given and facts.file_side_nm is not None)
        known = facts is not None and facts.side_nm is not None
        self.headline.setStyleSheet(HEADLINE + ("" if known else f" color: {warning_colour(self).name()};"))
        if facts is None:
            self.headline.setText("No image is shown")
            self.about.setText("")
        elif facts.side_nm is None:
            self.headline.setText("No scale")
            self.about.setText(" ".join((facts.problem or HOW, *facts.remarks)))
        else:
            self.headline.setText(per_pixel(facts.side_nm))
            self.about.setText(_about(facts, facts.side_nm))

    def _measure(self, on: bool) -> None:
        self.typing.setVisible(not on)
        if on and self._work is not None:
            self.ruler.start(self._work)
            self.ruler.length.setFocus()
        else:
            self.ruler.stop()

    def _type(self) -> None:
        try:
            side = parse_pixel_size_nm(self.pixel_size.text())
        except UserError as error:
            self.failed.emit(error)
            return
        self.pixel_size.clear()
        self.given.emit(side)

    def _use_file(self) -> None:
        self.given.emit(None)


def _about(facts: Facts, side_nm: float) -> str:
    """Say where a scale is from, and how large the image is with it."""
    height, width = facts.shape
    whole = f"The image shows {length(width * side_nm)} x {length(height * side_nm)}." if width else ""
    origin = "Set in this project." if facts.given else f"From {facts.source}."
    differs = facts.file_side_nm is not None and not np.isclose(facts.file_side_nm, side_nm, rtol=TOLERANCE)
    stated = f"The file states {per_pixel(facts.file_side_nm)}." if facts.file_side_nm and differs else ""
    return " ".join(filter(None, (origin, stated, *facts.remarks, whole)))
