"""The tab of the step Sizes in the bench: scope, rules, selection both ways, removal, the larger plot."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from qtpy.QtWidgets import QDockWidget

from particleforge.measurement.borders.drop import Drop
from particleforge.measurement.project_tables import image_tables
from particleforge.measurement.rules import Rules
from particleforge.store.particle_files import ImageParticles, Origin, read_particles, write_particles
from particleforge.store.project import PARTICLES, Project
from particleforge.widgets.bench.bench import Bench
from particleforge.widgets.bench.sizes.shown import shown_of, summary_of
from particleforge.widgets.bench.sizes.tab import SCOPES
from particleforge.widgets.bench.sizes.words import group_rows

SHAPE = (120, 150)
LIMIT_MS = 40_000


def labels_of(radius, seed):
    """Discs of about a radius; those at the left are cut."""
    rng, labels = np.random.default_rng(seed), np.zeros(SHAPE, np.uint32)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for number, (row, column) in enumerate(np.argwhere(np.ones((4, 5))) * 29 + [14, 5], start=1):
        labels[(y - row) ** 2 + (x - column) ** 2 <= (radius * rng.lognormal(0, 0.15)) ** 2] = number
    return labels


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project of two images in each of two groups."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    made = tmp_path / "gold"
    for group, radius in {"0 min": 7, "10 min": 9}.items():
        (made / group).mkdir(parents=True)
        for number in range(2):
            name, labels = f"at{group[:2].strip()}-{number}", labels_of(radius, number)
            tifffile.imwrite(made / group / f"{name}.tif", np.where(labels > 0, 180, 60).astype(np.uint8))
            origin = Origin(scores={n: n / 40 for n in range(1, 21)}, count=20)
            write_particles(made / PARTICLES, name, ImageParticles(labels, origin))
    project = Project(made)
    project.set(project.names, pixel_size_nm=2.0)
    return made


@pytest.fixture
def bench(make_napari_viewer, folder, qtbot):
    viewer = make_napari_viewer()
    bench = Bench(viewer)
    viewer.window.add_dock_widget(bench, name="ParticleForge")
    bench.open(folder)
    qtbot.waitUntil(lambda: bench.state.work is not None, timeout=LIMIT_MS)
    bench.go_to("Sizes")
    settled(bench, qtbot, 4)  # several groups are compared at once
    assert bench.sizes.chosen_scope == "groups"
    choose(bench, qtbot, "image", 1)
    yield bench
    bench.end()


def settled(bench, qtbot, images):
    """Wait until the figures of a number of images are complete."""
    tab = bench.sizes

    def done():
        assert len(tab.shown.images) == images and tab.summary is not None and not tab._timer.isActive()

    qtbot.waitUntil(done, timeout=LIMIT_MS)


def choose(bench, qtbot, scope, images):
    bench.sizes.scope.setCurrentIndex(list(SCOPES).index(scope))
    bench.sizes.scope.activated.emit(list(SCOPES).index(scope))
    settled(bench, qtbot, images)


def test_groups_have_the_numbers_of_the_engine(bench, qtbot, folder):
    choose(bench, qtbot, "groups", 4)
    tab = bench.sizes
    again = shown_of(image_tables(Project(folder), Rules()), Rules(), grouped=True)
    assert group_rows(tab.shown, tab.summary) == group_rows(again, summary_of(again))
    assert "10 min against 0 min" in tab.groups.toPlainText() and tab.groups.isVisibleTo(tab)
    tab.scope.setCurrentIndex(list(SCOPES).index("all"))
    qtbot.waitUntil(lambda: len(tab.shown.groups) == 1, timeout=LIMIT_MS)
    assert len(tab.shown.images) == 4 and not tab.groups.isVisibleTo(tab)


def test_selected_images_are_shown(bench, qtbot):
    names = bench.state.names
    bench.state.select(names[1:3])
    choose(bench, qtbot, "selected", 2)
    assert [one.name for one in bench.sizes.shown.images] == names[1:3]


def test_rules_apply_at_once_and_stay_in_the_project(bench, qtbot, folder):
    tab = bench.sizes
    choose(bench, qtbot, "all", 4)
    tab.rules.form.set_params(tab.rules.rules().replace(border=Drop(), smallest_px=13.0))
    qtbot.waitUntil(lambda: tab.shown.rules.border == Drop() and tab.summary is not None, timeout=LIMIT_MS)
    rules = Rules(border=Drop(), smallest_px=13.0)
    again = pd.concat([one.table for one in image_tables(Project(folder), rules)], ignore_index=True)
    assert tab.shown.table["weight"].tolist() == again["weight"].tolist()
    assert set(tab.shown.table["excluded"]) >= {"", "at the border", "too small"}
    assert Project(folder).contents.measuring == {"border": {"kind": "drop"}, "smallest_px": 13.0}
    assert bench.state.rules.border == Drop()


def test_score_and_outlines_leave_particles_out(bench, qtbot):
    tab = bench.sizes
    tab.rules.score.setValue(0.3)
    qtbot.waitUntil(lambda: "filtered out" in set(tab.shown.table["excluded"]), timeout=LIMIT_MS)
    kept = tab.shown.table[tab.shown.table["weight"] > 0]
    assert len(kept) and (kept["score"] >= 0.3).all()
    assert tab.table.rows.rowCount() == len(tab.shown.table)


def test_selection_goes_both_ways_and_to_other_images(bench, qtbot):
    tab, state = bench.sizes, bench.state
    choose(bench, qtbot, "all", 4)
    first, *_, last = state.names
    label = int(tab.shown.images[0].table["label"].iloc[7])
    tab.select({first: [label]})
    assert state.work.selected == {label} and len(tab.table.selected_rows()) == 1
    state.work.select({3, 4})
    assert tab.table.rows.particles(tab.table.selected_rows()) == {first: [3, 4]}
    tab.table.picked.emit({last: [5]})
    qtbot.waitUntil(lambda: state.work is not None and state.work.name == last, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: state.work.selected == {5}, timeout=LIMIT_MS)


def test_delete_removes_the_particles_of_the_image_that_is_shown(bench, qtbot, folder):
    tab, name = bench.sizes, bench.state.current
    before = len(tab.shown.table)
    tab.table.removed.emit({name: [7, 8]})
    qtbot.waitUntil(lambda: len(tab.shown.table) == before - 2, timeout=LIMIT_MS)
    bench.state.work.saver.flush()
    left = read_particles(folder / PARTICLES, name).labels
    assert not np.isin(left, [7, 8]).any()
    tab.table.removed.emit({"other": [1]})
    assert "1 other image stay" in tab.message.text()


def test_the_plot_gets_a_dock_of_its_own_and_comes_back(bench, qtbot):
    tab = bench.sizes
    window = tab.window()
    docks = len(window.findChildren(QDockWidget))
    tab.plot.dock.click()
    assert tab.place.away and len(window.findChildren(QDockWidget)) == docks + 1
    assert tab.plot.window() is window and not tab.isAncestorOf(tab.plot)
    tab.plot.dock.click()
    assert not tab.place.away and tab.isAncestorOf(tab.plot)
    tab.plot.dock.click()
    tab.place._dock.close()
    assert not tab.place.away and tab.isAncestorOf(tab.plot)


def test_the_script_takes_the_place_of_the_sizes(bench, folder):
    tab = bench.sizes
    tab.out.script.click()
    assert not tab.script.isHidden() and tab.scrolling.isHidden()
    assert f"particleforge measure --project {folder}" in tab.script.text.toPlainText()
    tab.script.close_button.click()
    assert tab.script.isHidden() and not tab.scrolling.isHidden()


def test_the_figures_stand_above_a_plot_of_at_least_300_px(bench):
    tab = bench.sizes
    assert tab.plot.canvas.minimumHeight() >= 300
    assert "particles" in tab.figures.toPlainText() and tab.out.report.isEnabled()
