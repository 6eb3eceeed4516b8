"""The step Scale: from the file, from the bar, as entered, and for many images at once."""

import numpy as np
import pytest
import tifffile
from napari.layers import Shapes
from PIL import Image
from tests.annotate.test_burnt_in_bar import micrograph

from particleforge.micrograph import Micrograph
from particleforge.store.micrographs import write_micrograph
from particleforge.store.project import Project
from particleforge.widgets.bench.bench import Bench
from particleforge.widgets.bench.scale.facts import NO_SCALE, UNUSABLE, Facts, levels, read_facts
from particleforge.widgets.bench.scale.spread import ALIKE, GROUP, LACKING, SELECTED, targets
from particleforge.widgets.bench.scale.tab import ScaleTab
from particleforge.widgets.bench.state import State

LIMIT_MS = 20_000
BARS = ("bar_0", "bar_1", "bar_2")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three images with a bar of 200 nm, one of 2 µm with a bar of the same length, one whose file states 1.2 nm."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    place = tmp_path / "gold"
    place.mkdir()
    for seed, name in enumerate(BARS):
        Image.fromarray(micrograph("200 nm", seed=seed).astype(np.uint8)).save(place / f"{name}.png")
    Image.fromarray(micrograph("2 µm", seed=7).astype(np.uint8)).save(place / "other.png")
    write_micrograph(place / "stated.tif", Micrograph(micrograph(seed=8).astype(np.uint8), (1.2, 1.2)))
    return place


@pytest.fixture
def tab(make_napari_viewer, folder, qtbot):
    """The tab in front, the first image shown, all scales read."""
    state = State(make_napari_viewer())
    tab = ScaleTab(state)
    qtbot.addWidget(tab)
    tab.asked = []
    tab.wanted.connect(tab.asked.append)
    state.work_changed.connect(tab.refresh)
    state.open(folder)
    qtbot.waitUntil(lambda: state.work is not None, timeout=LIMIT_MS)
    tab.enter()
    known(tab, qtbot)
    yield tab
    tab.end()
    state.close()


def known(tab, qtbot):
    """Wait until what is on disk is shown."""
    project = tab.state.project
    read = [read_facts(project, name) for name in project.names]
    qtbot.waitUntil(lambda: [tab._facts.get(facts.name) for facts in read] == read, timeout=LIMIT_MS)


def show(tab, name, qtbot):
    tab.state.show(name)
    qtbot.waitUntil(lambda: tab.state.work is not None and tab.state.work.name == name, timeout=LIMIT_MS)


def rows(tab):
    table = tab.table
    return [tuple(table.item(row, column).text() for column in range(2)) for row in range(table.rowCount())]


def sizes(folder):
    project = Project(folder)
    return {name: project[name].pixel_size_nm for name in project.names}


def measure(tab, length, qtbot):
    """Set the scale by the bar that is found in the image that is shown."""
    tab.image.measure.setChecked(True)
    qtbot.waitUntil(lambda: tab.image.ruler.bar is not None, timeout=LIMIT_MS)
    tab.image.ruler.length.setText(length)
    tab.image.ruler.set_scale.click()


def test_what_the_file_states_is_shown_with_its_place(tab, qtbot):
    show(tab, "stated", qtbot)
    assert tab.image.headline.text() == "1.20 nm per pixel"
    assert "ImageJ" in tab.image.about.text() and "384 nm x 264 nm" in tab.image.about.text()
    assert rows(tab) == [(NO_SCALE, "4"), ("1.20 nm per pixel", "1")]


def test_the_bar_is_found_and_sets_the_scale(tab, folder, qtbot):
    assert tab.image.headline.text() == "No scale"
    measure(tab, "200 nm", qtbot)
    known(tab, qtbot)
    assert tab.image.headline.text() == "2.22 nm per pixel"
    assert sizes(folder)["bar_0"] == pytest.approx(200 / 90)
    assert not [layer for layer in tab.state.viewer.layers if isinstance(layer, Shapes)], "the line is gone"
    assert tab.state.viewer.layers.selection.active.name == "bar_0"


def test_a_sloppy_line_gives_exact_ends(tab, qtbot):
    tab.image.measure.setChecked(True)
    qtbot.waitUntil(lambda: tab.image.ruler.bar is not None, timeout=LIMIT_MS)
    line = tab.state.viewer.layers["scale bar line"]
    line.add_lines([[(191.0, 196.0), (185.0, 295.0)]])
    assert tab.image.ruler.bar == (pytest.approx((188, 199.5), abs=0.1), pytest.approx((188, 289.5), abs=0.1))
    line.add_lines([[(50.0, 10.0), (50.0, 60.0)]])
    assert tab.image.ruler.drawn.text() == "The line is 50.0 px long."


@pytest.mark.parametrize(
    ("length", "said"), [("200", "is not a length"), ("", "is not a length"), ("0 nm", "above zero")]
)
def test_a_length_without_a_unit_is_refused(tab, folder, qtbot, length, said):
    measure(tab, length, qtbot)
    assert said in tab.message.text()
    assert not (folder / "project.yaml").exists()


def test_the_same_bar_in_other_images_is_proposed_and_undone(tab, folder, qtbot):
    measure(tab, "200 nm", qtbot)
    qtbot.waitUntil(lambda: not tab.spread.proposal.isHidden(), timeout=LIMIT_MS)
    assert tab.spread.proposed.text() == "The same bar is in 2 other images: bar_1, bar_2."
    tab.spread.accept.click()
    known(tab, qtbot)
    assert [name for name, side in sizes(folder).items() if side] == list(BARS)
    assert rows(tab) == [(NO_SCALE, "1"), ("1.20 nm per pixel", "1"), ("2.22 nm per pixel", "3")]
    assert tab.spread.undo.text() == "Undo for 2 images"
    tab.spread.undo.click()
    known(tab, qtbot)
    assert [name for name, side in sizes(folder).items() if side] == ["bar_0"]
    assert tab.spread.undo.isHidden()


@pytest.mark.parametrize(("text", "side_nm"), [("1.5 nm", 1.5), ("0.5 µm/px", 500.0), ("3 Å per pixel", 0.3)])
def test_a_pixel_size_is_entered(tab, folder, qtbot, text, side_nm):
    qtbot.keyClicks(tab.image.pixel_size, text)
    tab.image.enter_size.click()
    assert sizes(folder)["bar_0"] == pytest.approx(side_nm)
    assert tab.state.work.pixel_size_nm == pytest.approx(side_nm)


def test_a_pixel_size_without_a_unit_is_refused(tab, folder):
    tab.image.pixel_size.setText("1,5 nm")
    tab.image.enter_size.click()
    assert "decimal separator is a point" in tab.message.text()
    assert not (folder / "project.yaml").exists()


def test_the_scale_of_the_file_comes_back(tab, folder, qtbot):
    show(tab, "stated", qtbot)
    tab.image.pixel_size.setText("3 nm")
    tab.image.enter_size.click()
    known(tab, qtbot)
    assert "Set in this project. The file states 1.20 nm per pixel." in tab.image.about.text()
    tab.image.from_file.click()
    known(tab, qtbot)
    assert sizes(folder)["stated"] is None and tab.state.work.pixel_size_nm == pytest.approx(1.2)


def test_a_scale_is_used_for_selected_images_and_replaced_ones_are_named(tab, folder, qtbot):
    tab.image.pixel_size.setText("3 nm")
    tab.image.enter_size.click()
    known(tab, qtbot)
    tab.state.select(["bar_0", "bar_2", "stated"])
    tab.refresh()
    assert tab.spread.buttons[SELECTED].text() == "Selected (2)"
    tab.spread.buttons[SELECTED].click()
    assert "stated) had another scale before" in tab.message.text()
    assert [name for name, side in sizes(folder).items() if side == 3.0] == ["bar_0", "bar_2", "stated"]


def test_the_next_image_without_a_scale_comes_until_none_is_left(tab, qtbot):
    assert tab.next.text() == "Next image without a scale (3)"
    tab.next.click()
    qtbot.waitUntil(lambda: tab.image.ruler.bar is not None, timeout=LIMIT_MS)
    assert tab.state.work.name == "bar_1"
    tab.image.pixel_size.setText("3 nm")
    tab.image.enter_size.click()
    known(tab, qtbot)
    tab.spread.buttons[LACKING].click()
    known(tab, qtbot)
    assert tab.next.text() == "Find particles" and rows(tab) == [("1.20 nm per pixel", "1"), ("3.00 nm per pixel", "4")]
    tab.next.click()
    assert tab.asked == ["Find"]


def test_a_row_of_the_table_selects_its_images(tab):
    tab.table.cellClicked.emit(0, 0)
    assert tab.state.selected == [*BARS, "other"]


def test_the_uncertainty_of_the_scale_is_kept_for_the_project(tab, folder, qtbot):
    field = tab.certainty.field
    field.setText("1 % (k=2)")
    field.editingFinished.emit()
    assert Project(folder).contents.measuring == {"pixel_size_uncertainty": "1 % (k=2)"}
    assert "0.500 %" in tab.certainty.meaning.text()
    field.setText("a lot")
    field.editingFinished.emit()
    assert "not a relative uncertainty" in tab.message.text()
    assert tab.state.rules.pixel_size_uncertainty == "1 % (k=2)"


def test_leaving_the_tab_removes_the_line(tab, qtbot):
    tab.image.measure.setChecked(True)
    assert "scale bar line" in tab.state.viewer.layers
    tab.leave()
    assert "scale bar line" not in tab.state.viewer.layers


def test_what_a_file_states_is_read(folder):
    flat = {"resolution": (1.0, 2.0), "metadata": {"unit": "nm"}, "imagej": True}
    tifffile.imwrite(folder / "flat.tif", np.zeros((8, 8), np.uint8), **flat)
    (folder / "broken.tif").write_bytes(b"II*\0")
    project = Project(folder)
    flat, broken, stated = (read_facts(project, name) for name in ("flat", "broken", "stated"))
    assert "must be square" in flat.problem and flat.side_nm is None
    assert broken.problem and broken.shape == (0, 0)
    assert stated.side_nm == pytest.approx(1.2) and not stated.given and not stated.remarks
    assert levels([flat, broken, stated])[0].scale == UNUSABLE


def test_scales_within_one_percent_are_one_level():
    facts = [Facts(str(side), side_nm=side) for side in (1.0, 1.005, 1.02, 2000.0)]
    assert [(level.scale, level.names) for level in levels(facts)] == [
        ("1.00 nm per pixel", ("1.0", "1.005")),
        ("1.02 nm per pixel", ("1.02",)),
        ("2.00 µm per pixel", ("2000.0",)),
    ]


def test_images_that_have_the_scale_are_no_targets():
    shown = Facts("a", "gold", (8, 8), 1.0)
    others = [Facts("b", "gold", (8, 8), 1.0), Facts("c", "gold", (9, 9), 2.0), Facts("d", "", (8, 8))]
    found = targets(shown, [shown, *others], ["a", "c"])
    assert found == {SELECTED: ("c",), LACKING: ("d",), GROUP: ("c",), ALIKE: ("d",)}
    assert not any(targets(Facts("a"), others, ["b"]).values())


def test_colours_follow_the_theme(make_napari_viewer, folder, qtbot):
    viewer = make_napari_viewer(show=True)
    bench = Bench(viewer)
    viewer.window.add_dock_widget(bench, name="ParticleForge")
    bench.open(folder)
    bench.go_to("Scale")
    show(bench.scale, "bar_0", qtbot)
    colours = []
    for theme in ("dark", "light", "dark"):
        viewer.theme = theme
        qtbot.wait(50)
        colours.append(bench.scale.image.headline.styleSheet())
    assert colours[0] == colours[2] != colours[1]
    bench.end()
