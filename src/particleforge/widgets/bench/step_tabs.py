"""The tabs of the steps, side by side over the whole width."""

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QTabWidget, QWidget

from particleforge.widgets.bench.buttons import BLUE, CORNER_PX, VEIL
from particleforge.widgets.bench.icons import icon
from particleforge.widgets.qt import present

ICON_PX = 18
_STYLE = f"""
QTabWidget::pane {{ border: none; }}
QTabBar::tab {{
    background: transparent; border: none; border-bottom: 2px solid {VEIL.format(0.35)}; border-radius: 0;
    padding: 6px 4px 5px 4px;
}}
QTabBar::tab:hover {{
    background: {VEIL.format(0.22)}; border-top-left-radius: {CORNER_PX}px; border-top-right-radius: {CORNER_PX}px;
}}
QTabBar::tab:selected {{ border-bottom-color: {BLUE.name()}; background: {VEIL.format(0.12)}; }}
"""


class StepTabs(QTabWidget):
    """Tabs with an icon, a number and a title."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(_STYLE)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setDocumentMode(True)  # else the tabs do not share the width
        bar = present(self.tabBar())
        bar.setDrawBase(False)
        bar.setExpanding(True)

    def add_step(self, page: QWidget, picture: str, title: str, tip: str) -> None:
        """Add a step with the next number."""
        place = self.addTab(page, icon(picture, self), f"{self.count() + 1} {title}")
        self.setTabToolTip(place, tip)
