"""Section 1 of the panel: the pixel size."""

import numpy as np
import numpy.typing as npt
from magicgui.widgets import CheckBox, LineEdit
from napari import Viewer
from napari.layers import Image, Shapes
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QWidget

from particleforge.annotate.scale import Point, find_scale_bar, pixel_size_from_line
from particleforge.errors import UserError
from particleforge.micrograph import parse_length_nm
from particleforge.widgets.annotate.actions import Report
from particleforge.widgets.annotate.geometry import geometry_of, lying_on, set_pixel_size
from particleforge.widgets.annotate.parts import Section, button, words
from particleforge.widgets.annotate.source import file_pixel_size_nm, read_source
from particleforge.widgets.layers import pixel_size_nm, source_path
from particleforge.widgets.overlays import scale_bar

LINE = "scale bar line"


class ScaleSection(Section):
    """Shows and sets the pixel size of an image layer: from its file, from a scale bar, or as entered.

    `changed` is emitted when it has been set.

    Parameters
    ----------
    viewer
        Whose layers get a scale.
    report
        Shows what went wrong or was done.
    """

    changed = Signal()

    def __init__(self, viewer: Viewer, report: Report) -> None:
        super().__init__("1  Scale")
        self.viewer, self._report = viewer, report
        self.image: Image | None = None
        self._line: Shapes | None = None
        self.pixel_size = LineEdit()
        self.pixel_size.native.setPlaceholderText("unknown; e.g. 1.2 nm")
        self.pixel_size.tooltip = "Width of a pixel with its unit. Press Enter to set it."
        self.pixel_size.native.editingFinished.connect(self._type)
        self.from_file = button("Read from file", "Use the pixel size that the microscope wrote into the image file.")
        self.from_file.clicked.connect(self.read_file)
        self.measure = button("Measure scale bar", "Draw a line along the scale bar in the image.", checkable=True)
        self.measure.toggled.connect(self._measure)
        self.everywhere = CheckBox(text="Same scale for all open images")
        self.everywhere.tooltip = "Only for images taken at the same magnification."
        lines = QFormLayout()
        lines.addRow("Pixel size", self.pixel_size.native)
        self.rows.addLayout(lines)
        ways = QHBoxLayout()
        ways.addWidget(self.from_file)
        ways.addWidget(self.measure)
        self.rows.addLayout(ways)
        self.rows.addWidget(self._ruler())
        self.rows.addWidget(self.everywhere.native)

    def set_image(self, image: Image | None) -> None:
        """Show the pixel size of another image; if it has none, take that of its file."""
        self.stop()
        self._watch(image)
        self.setEnabled(image is not None)
        path = None if image is None else source_path(image)
        self.from_file.setEnabled(path is not None)
        if image is not None and path is not None and pixel_size_nm(image) is None:
            self.read_file(quiet=True)
        self.refresh()

    def _watch(self, image: Image | None) -> None:
        """Show the pixel size whoever sets it."""
        for layer, connect in ((self.image, False), (image, True)):
            for event in () if layer is None else (layer.events.scale, layer.events.units):
                (event.connect if connect else event.disconnect)(self._follow)
        self.image = image

    def _follow(self, event: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show the pixel size the image has now."""
        size = None if self.image is None else pixel_size_nm(self.image)
        self.pixel_size.native.setText("" if size is None else _text(size))

    def read_file(self, quiet: bool = False) -> None:
        """Take the pixel size of the image's file."""
        path = None if self.image is None else source_path(self.image)
        if path is None:
            return
        try:
            size, remarks = file_pixel_size_nm(path)
        except UserError as error:
            self._report(None if quiet else error)
            return
        if size is not None:
            self._set(size, f"Pixel size {_text(size)}, read from {path.name}. {remarks}".strip())
        elif not quiet:
            self._report(
                UserError(
                    f"{path.name} does not state a pixel size. {remarks}".strip(),
                    "Measure the scale bar, or enter the pixel size.",
                )
            )
        elif remarks:
            self._report(f"{path.name}: {remarks}")

    def stop(self) -> None:
        """Remove the line."""
        self.measure.setChecked(False)

    def end(self) -> None:
        """Remove the line, and release the image."""
        self.stop()
        self._watch(None)

    def _ruler(self) -> QWidget:
        """Make the widgets shown while a scale bar is measured."""
        self.ruler = QWidget()
        lines = QFormLayout(self.ruler)
        lines.setContentsMargins(0, 0, 0, 0)
        self.drawn = words()
        self.length = LineEdit()
        self.length.native.setPlaceholderText("e.g. 200 nm")
        self.length.tooltip = "The length written next to the scale bar, with its unit."
        self.length.native.returnPressed.connect(self._set_by_line)
        self.set_scale = button("Set scale", "Set the scale of the image from this bar.")
        self.set_scale.clicked.connect(self._set_by_line)
        row = QHBoxLayout()
        row.addWidget(self.length.native, 1)
        row.addWidget(self.set_scale)
        lines.addRow(self.drawn)
        lines.addRow("Bar length", row)
        self.ruler.hide()
        return self.ruler

    def _measure(self, on: bool) -> None:
        self.ruler.setVisible(on)
        line, self._line = self._line, None
        if line is not None and line in self.viewer.layers:
            line.events.data.disconnect(self._show_line)
            self.viewer.layers.remove(line)
        if not on or self.image is None:
            return
        line = self._line = Shapes(name=LINE, ndim=2, edge_color="yellow", edge_width=2, **geometry_of(self.image))
        self.viewer.add_layer(line)
        line.mode = "add_line"
        line.events.data.connect(self._show_line)
        self._show_line()

    def _show_line(self, event: object = None) -> None:
        bar = self._bar()
        self.set_scale.setEnabled(bar is not None)
        if bar is None:
            self.drawn.setText("Drag a line along the scale bar, from one end to the other.")
            return
        start, end, found = bar
        length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        what = "The bar under the line is" if found else "The line is"
        self.drawn.setText(f"{what} {length:.1f} px long.")

    def _bar(self) -> tuple[Point, Point, bool] | None:
        """Find the ends of the bar under the last line, or of the line itself if there is no bar."""
        if self._line is None or self._line not in self.viewer.layers or not len(self._line.data):
            return None
        start, end = ((float(y), float(x)) for y, x in self._line.data[-1][:2, -2:])
        grey = self._grey
        bar = None if grey is None else find_scale_bar(grey, start, end)
        return (start, end, False) if bar is None else (bar.start, bar.end, True)

    @property
    def _grey(self) -> npt.NDArray[np.float32] | None:
        """The image shown; None if there is none that can be read."""
        if self.image is None:
            return None
        try:
            return read_source(self.image, self.viewer.dims).micrograph.grey
        except UserError:
            return None

    def _set_by_line(self) -> None:
        bar = self._bar()
        if bar is None or self.image is None:
            return
        height, width = self.image.scale[-2:]
        try:
            size = pixel_size_from_line(bar[0], bar[1], self.length.value, float(height / width))
        except UserError as error:
            self._report(error)
            return
        self.stop()
        self._set((size, size), f"Pixel size set to {_text((size, size))}.")

    def _type(self) -> None:
        text = self.pixel_size.native.text().strip()
        now = None if self.image is None else pixel_size_nm(self.image)
        if self.image is None or not text or text == (_text(now) if now else ""):
            self.refresh()
            return
        try:
            size = parse_length_nm(text)
        except UserError as error:
            self._report(error)
            return
        self._set((size, size), f"Pixel size set to {_text((size, size))}.")

    def _set(self, size_nm: tuple[float, float], news: str) -> None:
        """Set the scale of the image, of the layers on it, and, on request, of all images."""
        chosen = self.image
        if chosen is None:
            return
        images = [layer for layer in self.viewer.layers if isinstance(layer, Image)]
        for image in images if self.everywhere.value else [chosen]:
            for layer in (*lying_on(image, self.viewer.layers), image):
                set_pixel_size(layer, size_nm)
        scale_bar(self.viewer).visible = True
        self.viewer.reset_view()
        self.refresh()
        self._report(news)
        self.changed.emit()


def _text(size_nm: tuple[float, float]) -> str:
    """Text of a pixel size."""
    height, width = (float(f"{side:.6g}") for side in size_nm)
    return f"{width:g} nm" if height == width else f"{height:g} x {width:g} nm"
