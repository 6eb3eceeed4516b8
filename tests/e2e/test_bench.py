"""Twenty micrographs to the sizes of two samples, by clicks and keys alone, as the command line gives them."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

from particleforge import compare_sizes, measure
from particleforge.store.particle_files import read_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.bench.recent import remember

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("display")]

LIMIT_MS = 600_000
MOST_CLICKS = 6
SIZES_NM = {"fine": 16.0, "coarse": 21.0}
"""Mean diameters of the two samples."""
PIXELS_NM = (0.8, 1.0, 1.25)
"""Three magnifications."""


def micrograph(diameter_nm, pixel_nm, seed):
    """Draw bright discs that do not touch, on noise."""
    rng = np.random.default_rng(seed)
    side, y, x = 200, *np.mgrid[:200, :200]
    grey, taken = rng.normal(80, 6, (side, side)), np.zeros((side, side), bool)
    for _ in range(60):
        radius = rng.normal(diameter_nm, 1.5) / pixel_nm / 2
        row, column = rng.uniform(0, side, 2)
        distance = np.hypot(y - row, x - column)
        if not taken[distance < radius + 4].any():
            grey += 70 * np.clip(radius - distance + 0.5, 0, 1)
            taken |= distance < radius + 4
    return grey.clip(0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Twenty micrographs of two samples; the files state the scale, three different ones."""
    folder = tmp_path / "two samples"
    folder.mkdir()
    for group, diameter_nm in SIZES_NM.items():
        for number in range(10):
            pixel_nm = PIXELS_NM[number % 3]
            about = {"resolution": (1 / pixel_nm, 1 / pixel_nm), "metadata": {"unit": "nm"}}
            pixels = micrograph(diameter_nm, pixel_nm, 100 * len(group) + number)
            tifffile.imwrite(folder / f"{group}_{number:02d}.tif", pixels, imagej=True, **about)
    return folder


class Person:
    """Clicks and presses keys, and counts the clicks."""

    def __init__(self, viewer, qtbot):
        self.viewer, self.qtbot, self.clicks = viewer, qtbot, 0
        self.canvas = viewer.window._qt_viewer.canvas.native

    def click(self, widget):
        """Click a widget that is there and enabled."""
        self.qtbot.waitUntil(lambda: widget.isVisible() and widget.isEnabled(), timeout=LIMIT_MS)
        self.clicks += 1
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        QApplication.processEvents()

    def click_tab(self, bench, title):
        """Click the tab of a step."""
        bar = bench.tabs.tabBar()
        place = next(place for place, tab in enumerate(bench.steps) if tab.title == title)
        self.clicks += 1
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(place).center())
        QApplication.processEvents()

    def open_bench(self):
        """Choose ParticleForge in the menu of plugins: two clicks."""
        self.clicks += 2
        _, bench = self.viewer.window.add_plugin_dock_widget("napari-particleforge", "ParticleForge")
        QApplication.processEvents()
        return bench

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        """Press a key with the keyboard in the canvas."""
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, key, modifier)
        QApplication.processEvents()


def test_twenty_micrographs_to_the_sizes_of_two_samples(
    make_napari_viewer, workspace, folder, tmp_path, mouse, qtbot, monkeypatch
):
    viewer = make_napari_viewer(show=True)
    person = Person(viewer, qtbot)
    bench = person.open_bench()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    person.click(bench.welcome.folder)
    person.clicks += 1  # the dialog is accepted
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)
    page = bench.finding.page
    assert page.row.button.text() == "Find particles in all 20 images"
    with qtbot.waitSignal(page.row.done, timeout=LIMIT_MS):
        person.click(page.row.button)
    person.click(page.sizes)
    sizes = bench.sizes
    qtbot.waitUntil(lambda: set(sizes.shown.names) == set(SIZES_NM) and sizes.summary is not None, timeout=LIMIT_MS)
    assert person.clicks <= MOST_CLICKS
    assert all(len(group.images) == 10 for group in sizes.shown.groups)
    table = sizes.shown.table
    for name, diameter_nm in SIZES_NM.items():
        counted = table[(table["group"] == name) & (table["weight"] > 0)]
        assert counted["ecd_nm"].mean() == pytest.approx(diameter_nm, rel=0.05)

    mended = mend_three(bench, person, mouse(viewer), qtbot)
    origin = read_particles(folder / PARTICLES, mended).origin
    assert origin.mended

    bench.go_to("Sizes")
    report = tmp_path / "report.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(report), "PDF (*.pdf)"))
    qtbot.waitUntil(lambda: (sizes.shown.table["image"] == mended).sum() == origin.count, timeout=LIMIT_MS)
    person.click(sizes.out.report)
    qtbot.waitUntil(report.is_file, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: sizes.summary is not None, timeout=LIMIT_MS)
    differences = sizes.summary.differences
    bench.end()
    viewer.close()

    measure(project=folder)
    commanded = pd.read_csv(folder / "results" / "particles.csv")
    assert Project(folder).names == sorted(commanded["image"].unique())
    ours = sizes.shown.table
    for column in ("ecd_nm", "feret_max_nm", "weight"):
        assert np.sort(ours[column]) == pytest.approx(np.sort(commanded[column]), rel=1e-5)
    compared = compare_sizes(folder / "results", out=tmp_path / "compared.html", by="group")
    assert set(compared) == set(differences)
    for name, one in compared.items():
        assert differences[name].geometric_mean_percent == pytest.approx(one.geometric_mean_percent, rel=1e-4)
        assert differences[name].geometric_mean_interval == pytest.approx(one.geometric_mean_interval, rel=1e-3)


def test_reopening_takes_one_click(make_napari_viewer, workspace, folder, qtbot):
    remember(folder)
    viewer = make_napari_viewer(show=True)
    person = Person(viewer, qtbot)
    bench = person.open_bench()
    before = person.clicks
    person.click(bench.welcome.recent[0])
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)
    assert person.clicks == before + 1 and len(bench.state.names) == 20
    bench.end()


def mend_three(bench, person, hand, qtbot):
    """Erase one particle, draw it again, and split one, by keys and mouse; return the name of the image."""
    work = bench.state.work
    ordered = work.table[work.table["weight"] > 0].sort_values("area_px2")
    first, last = ordered.iloc[0], ordered.iloc[-1]
    before = len(work.history.places)
    person.key(Qt.Key.Key_X)
    hand.click((first["y_px"], first["x_px"]))
    qtbot.waitUntil(lambda: len(work.history.places) == before - 1, timeout=LIMIT_MS)
    person.key(Qt.Key.Key_O)
    hand.click((first["y_px"], first["x_px"]))
    qtbot.waitUntil(lambda: len(work.history.places) == before, timeout=LIMIT_MS)
    person.key(Qt.Key.Key_S)
    reach = last["ecd_px"]
    hand.drag((last["y_px"], last["x_px"] - reach), (last["y_px"], last["x_px"]), (last["y_px"], last["x_px"] + reach))
    qtbot.waitUntil(lambda: len(work.history.places) == before + 1, timeout=LIMIT_MS)
    with qtbot.waitSignal(work.saved, timeout=LIMIT_MS):
        work.saver.schedule()
    return work.name
