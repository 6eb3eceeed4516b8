"""The step Find: which images, what runs, what is said of it, and what of a person's work stays."""

from dataclasses import replace
from time import monotonic

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel
from qtpy.QtCore import QTimer

from particleforge.store.particle_files import ImageParticles, Origin, read_origin, read_particles, write_particles
from particleforge.store.project import PARTICLES
from particleforge.widgets.bench.find.scope import image_of, proposed, scopes
from particleforge.widgets.bench.find.tab import FindTab
from particleforge.widgets.bench.find.words import doubtful, found_words
from particleforge.widgets.bench.state import State

LIMIT_MS = 60_000
NAMES = st.lists(st.sampled_from("abcdef"), unique=True)


def picture(seed, height=64, width=80):
    """Bright discs on noise."""
    y, x = np.mgrid[:height, :width]
    grey = np.random.default_rng(seed).normal(60, 4, (height, width))
    for row, column in ((16, 16), (16, 50), (44, 30)):
        grey[(y - row) ** 2 + (x - column) ** 2 < 9**2] += 120
    return grey.clip(0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    (tmp_path / "gold").mkdir()
    for number in range(3):
        tifffile.imwrite(tmp_path / "gold" / f"g{number}.tif", picture(number))
    return tmp_path / "gold"


@pytest.fixture
def tab(qtbot, folder, nothing_left):
    """The tab on three images; the detector is a threshold, which is quick."""
    made = FindTab(State(ViewerModel()))
    qtbot.addWidget(made)
    made.show()
    made.state.open(folder)
    qtbot.waitUntil(lambda: made.state.work is not None, timeout=LIMIT_MS)
    made.page.model.set_value("threshold")
    yield made
    made.end()
    made.state.close()


def finished(tab, qtbot):
    """Press the button, and wait for the end."""
    tab.page.row.button.click()
    assert tab.page.row.running, tab.page.row.message.text()
    settled(tab, qtbot)


def settled(tab, qtbot):
    qtbot.waitUntil(lambda: tab.page.running is None, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not tab.known._timer.isActive() and not tab.known._due, timeout=LIMIT_MS)


@given(names=NAMES, selected=NAMES, searched=NAMES, current=st.sampled_from(["", *"abcdef"]))
def test_choices_are_of_the_project_and_differ(names, selected, searched, current):
    selected, searched = [name for name in selected if name in names], {*searched} & {*names}
    offered = scopes(names, current, selected, searched)
    assert all(scope.names and set(scope.names) <= set(names) for scope in offered)
    assert len({scope.which for scope in offered}) == len(offered)
    chosen = proposed(offered, searched)
    assert (chosen is None) == (not names)
    if chosen is not None and not searched and len(selected) < 2:
        assert set(chosen.names) == set(names)


def test_the_button_names_what_it_does():
    offered = scopes(["a", "b", "c", "d"], "b", ["a", "b"], {"a", "c", "d"})
    assert [scope.words for scope in offered] == [
        "this image",
        "2 selected images",
        "1 image not searched yet",
        "all 4 images",
    ]


def test_a_line_of_progress_is_about_the_image_with_the_longest_name():
    assert image_of("a: b: 3 particles", ["a", "a: b", "b"]) == "a: b"
    assert image_of("Finding particles", ["F"]) == ""


def test_what_was_found_is_said_with_its_certainty():
    sure, unsure = Origin(finding={"certainty": 0.95}, count=30), Origin(finding={"certainty": 0.4}, count=12)
    strange = Origin(finding={"certainty": 0.9, "unlike_training": True}, count=2)
    assert found_words({"a": sure}) == "30 particles in a, certainty 0.95." and not doubtful({"a": sure})
    both = found_words({"a": sure, "b": unsure})
    assert both.startswith("42 particles in 2 images, certainty 0.40 to 0.95.") and "b (0.40)" in both
    assert "unlike" in found_words({"c": strange}) and doubtful({"c": strange}) and doubtful({"b": unsure})
    assert "None in 1 image (d)" in found_words({"a": sure, "d": Origin()})
    assert found_words({"d": Origin()}).startswith("No particles were found in d.") and found_words({}) == ""


def test_one_click_finds_the_particles_of_all_images(tab, qtbot, folder):
    assert tab.page.row.button.text() == "Find particles in all 3 images" and tab.page.row.button.isEnabled()
    assert tab.page.no_scale.text == "No scale: sizes will be in pixels."
    rows = []
    tab.state.rows_changed.connect(rows.append)
    finished(tab, qtbot)
    assert [names for names in rows if len(names) == 1][:3] == [["g0"], ["g1"], ["g2"]]  # one by one
    assert all(read_origin(folder / PARTICLES, f"g{number}").count == 3 for number in range(3))
    assert tab.page.outcome.text().startswith("9 particles in 3 images")
    qtbot.waitUntil(lambda: tab.state.work is not None and len(tab.state.work.table) == 3, timeout=LIMIT_MS)
    assert tab.page.check.isVisible() and tab.page.sizes.isVisible()
    with qtbot.waitSignal(tab.wanted) as wanted:
        tab.page.sizes.click()
    assert wanted.args == ["Sizes"]
    assert tab.state.project.contents.detector == "threshold"


def test_a_missing_scale_is_one_click_away(tab, qtbot):
    with qtbot.waitSignal(tab.wanted) as wanted:
        tab.page.to_scale.click()
    assert wanted.args == ["Scale"]


def test_selected_images_are_meant(tab, qtbot, folder):
    tab.state.select(["g0", "g2"])
    assert tab.page.row.button.text() == "Find particles in 2 selected images"
    finished(tab, qtbot)
    assert read_origin(folder / PARTICLES, "g1") is None
    tab.state.select(["g0"])
    assert tab.page.images.keys == ["this", "rest", "all"]
    assert tab.page.row.button.text() == "Find particles in 1 image not searched yet"


def test_a_broken_image_does_not_end_the_run(tab, qtbot, folder):
    (folder / "g1.tif").write_bytes(b"II*\0broken")
    finished(tab, qtbot)
    assert read_origin(folder / PARTICLES, "g2").count == 3
    assert "g1: not searched." in tab.page.outcome.text() and "cannot be read" in tab.state.problems["g1"]
    assert tab.page.row.button.text() == "Find particles again in all 3 images"


def mend(tab, folder):
    """Draw a particle by hand where there is none, and erase another one."""
    found = read_particles(folder / PARTICLES, "g0")
    labels = np.where(found.labels == 1, 0, found.labels)
    labels[56:62, 60:70] = 9
    scores = {number: score for number, score in found.origin.scores.items() if number != 1}
    origin = replace(found.origin, scores=scores, sure=frozenset({9}), count=3)
    write_particles(folder / PARTICLES, "g0", ImageParticles(labels, origin))
    tab.state.reload(["g0"])


def test_corrections_stay_whatever_is_chosen(tab, qtbot, folder):
    finished(tab, qtbot)
    mend(tab, folder)
    qtbot.waitUntil(lambda: tab.page.corrected.isVisible(), timeout=LIMIT_MS)
    assert tab.page.mended.text == "1 image (g0) holds corrections:"
    qtbot.waitUntil(lambda: tab.state.work is not None, timeout=LIMIT_MS)
    finished(tab, qtbot)
    after = read_particles(folder / PARTICLES, "g0")
    assert after.origin.sure == {9} and (after.labels[56:62, 60:70] == 9).all() and after.origin.count == 4

    before = (folder / PARTICLES / "g0.tif").read_bytes()
    qtbot.waitUntil(lambda: tab.state.work is not None, timeout=LIMIT_MS)
    tab.page.corrected.click("leave")
    assert "g0" not in tab.page.names
    finished(tab, qtbot)
    assert (folder / PARTICLES / "g0.tif").read_bytes() == before


def test_where_all_is_corrected_and_to_be_left_nothing_runs(tab, qtbot, folder):
    tab.page.images.click("this")
    finished(tab, qtbot)
    mend(tab, folder)
    qtbot.waitUntil(lambda: tab.page.corrected.isVisible(), timeout=LIMIT_MS)
    tab.page.images.click("this")
    tab.page.corrected.click("leave")
    assert not tab.page.row.button.isEnabled() and "corrections" in tab.page.row.missing.text()


def test_what_was_found_before_a_stop_is_kept(tab, qtbot, folder):
    for number in range(3, 30):
        tifffile.imwrite(folder / f"g{number}.tif", picture(number, 300, 300))
    tab.state.open(folder)
    tab.page.model.set_value("threshold")
    qtbot.waitUntil(lambda: tab.state.work is not None, timeout=LIMIT_MS)
    with qtbot.waitSignal(tab.page.row.advanced, timeout=LIMIT_MS, check_params_cb=lambda advance: advance.done > 0):
        tab.page.row.button.click()
    tab.page.row.button.click()
    settled(tab, qtbot)
    done = len(list((folder / PARTICLES).glob("*.tif")))
    assert 0 < done < 30
    assert tab.page.row.button.text() == f"Find particles in {30 - done} images not searched yet"


def test_options_and_detector_are_those_of_the_project(tab, qtbot, folder):
    tab.state.project.configure(detector="base", measuring={"options": {"diameter": "20 px"}, "smallest_px": 5.0})
    tab.state.open(folder)
    assert tab.page.model.value() == "base" and tab.page.options.values() == {"diameter": "20 px"}
    tab.page.model.set_value("threshold")
    qtbot.waitUntil(lambda: tab.state.work is not None, timeout=LIMIT_MS)
    tab.page.images.click("this")
    finished(tab, qtbot)
    assert tab.state.project.contents.measuring == {"smallest_px": 5.0}


def test_the_window_is_never_frozen(tab, qtbot):
    median, worst = zip(*(_gaps(tab, qtbot) for _ in range(3)), strict=True)  # other programs may take a turn
    assert min(median) < 0.05 and min(worst) < 0.3


def _gaps(tab, qtbot):
    """Median and longest time between two beats of a timer while particles are found."""
    gaps, last = [], [monotonic()]

    def beat():
        gaps.append(monotonic() - last[0])
        last[0] = monotonic()

    timer = QTimer(tab)
    timer.timeout.connect(beat)
    timer.start(20)
    finished(tab, qtbot)
    timer.stop()
    return sorted(gaps)[len(gaps) // 2], max(gaps)
