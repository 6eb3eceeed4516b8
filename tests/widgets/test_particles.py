"""Particles of a Labels layer: filter, edits, colours, table, plot and export."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.layers import Image, Labels
from qtpy.QtCore import QPoint, Qt

from particleforge.errors import UserError
from particleforge.measurement.borders.keep_all import KeepAll
from particleforge.measurement.columns import PROPERTIES
from particleforge.measurement.filter import Filter, Limit
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.uncertainty.stored import StoredUncertainty
from particleforge.store.labels import open_labels, read_labels
from particleforge.widgets.form.spec import Spec, fields
from particleforge.widgets.layers import planes
from particleforge.widgets.measure.export import (
    Exported,
    write_figure,
    write_label_image,
    write_ome,
    write_page,
    write_table,
)
from particleforge.widgets.measure.export_row import EXPORTS, with_suffix
from particleforge.widgets.measure.particles import HIGHLIGHT, REMEASURE_MS, SINGLE, Particles
from particleforge.widgets.measure.plot import SizesPlot
from particleforge.widgets.measure.table import ParticleTable
from particleforge.widgets.measure.view import headline

LIMIT_MS = 30_000
ALL = Rules(border=KeepAll())


def discs():
    """Six discs of rising size; the last is cut by the border. Ids have gaps."""
    y, x = np.mgrid[:100, :120]
    labels = np.zeros((100, 120), np.uint32)
    for number, (row, column, radius) in {
        2: (12, 12, 4),
        3: (12, 40, 6),
        5: (15, 80, 8),
        6: (50, 20, 10),
        8: (50, 70, 12),
        9: (98, 100, 14),
    }.items():
        labels[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = number
    return labels


def table_of(labels, size=None, rules=ALL, **options):
    return measure_particles(labels, image="discs", pixel_size_nm=size, rules=rules, **options).assign(plane=0)


@pytest.fixture
def particles(qapp):
    """Particles of a layer with pixels of 2 nm, all with a score."""
    layer = Labels(discs(), scale=(2, 2), units="nm")
    scores = {2: 0.3, 3: 0.9, 5: 0.9, 6: 0.9, 8: 0.9, 9: 0.9}
    found = Particles(layer, table_of(discs(), 2.0, scores=scores), ALL)
    yield found
    found.release()


def shown(text, name, unit):
    return float(re.search(rf"{name} ([\d.]+) {unit}", text)[1])


def near(value):
    """Equal to all digits that are shown."""
    return pytest.approx(value, abs=0.5)


def colour(layer, number):
    return np.asarray(layer.colormap.map(np.array([[number]])))[0, 0]


def test_row_i_of_the_features_is_label_i(particles):
    rows = particles.layer.features
    assert rows["label"].tolist() == list(range(10))
    assert rows["ecd_nm"].notna().tolist() == [number in (2, 3, 5, 6, 8, 9) for number in range(10)]
    assert rows["ecd_nm"][8] == pytest.approx(2 * np.sqrt(4 * (discs() == 8).sum() / np.pi))
    assert particles.pixel_size_nm == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (Filter(), [2, 3, 5, 6, 8, 9]),
        (Filter(cut_by_border=False), [2, 3, 5, 6, 8]),
        (Filter(min_diameter=23), [3, 5, 6, 8, 9]),
        (Filter(max_diameter=23), [2]),
        (Filter(min_circularity=0.9, min_diameter=15), [3, 5, 6, 8]),
        (Filter(min_score=0.5), [3, 5, 6, 8, 9]),
        (Filter(min_diameter=1000), []),
        (Filter(limits=(Limit(quantity="area", least=700, most=2000),)), [5, 6, 8, 9]),
        (Filter(limits=(Limit(quantity="x", most=90), Limit(quantity="score", least=0.5))), [3, 6]),
    ],
)
def test_a_filter_says_which_particles_count_and_the_others_are_hidden(particles, chosen, left):
    particles.set_filter(chosen)
    assert particles.counted["label"].tolist() == left
    hidden = {2, 3, 5, 6, 8, 9} - set(left)
    assert all(colour(particles.layer, number)[3] == 0 for number in hidden)
    assert all(colour(particles.layer, number)[3] > 0 for number in left)
    assert set(np.unique(particles.counted_labels())) == {0, *left}
    assert particles.layer.features["counted"].dropna().sum() == len(left)


def chain():
    """A chain of three discs, a single one, and a pair."""
    y, x = np.mgrid[:60, :120]
    labels = np.zeros((60, 120), np.uint32)
    for number, (row, column) in {1: (20, 20), 7: (20, 33), 4: (20, 46), 5: (20, 90), 8: (45, 20), 2: (45, 33)}.items():
        labels[(y - row) ** 2 + (x - column) ** 2 <= 36] = number
    return labels


def test_single_and_aggregated_particles_differ_in_filter_and_colour(qapp):
    layer = Labels(chain())
    found = Particles(layer, table_of(chain()), ALL)
    plain = {number: colour(layer, number) for number in (1, 2, 4, 5, 7, 8)}
    found.colour_aggregates(True)
    for number, lender in {1: 1, 7: 1, 4: 1, 8: 2, 2: 2}.items():
        np.testing.assert_allclose(colour(layer, number), plain[lender], atol=0.01)
    np.testing.assert_allclose(colour(layer, 5), SINGLE, atol=0.01)
    found.set_filter(Filter(aggregation="single"))
    assert found.counted["label"].tolist() == [5] and colour(layer, 1)[3] == 0
    found.set_filter(Filter(aggregation="aggregated"))
    assert found.counted["label"].tolist() == [1, 2, 4, 7, 8] and colour(layer, 5)[3] == 0
    found.set_filter(Filter())
    found.colour_aggregates(False)
    assert all(np.array_equal(colour(layer, number), shown) for number, shown in plain.items())
    found.release()


def test_particles_the_border_rule_gives_no_weight_are_shown_but_not_counted(qapp):
    found = Particles(Labels(discs()), table_of(discs(), rules=Rules()), Rules())
    assert found.counted["label"].tolist() == [2, 3, 5, 6, 8]
    assert "5 of 6 particles counted" in headline(found.counted, 6, None)
    assert colour(found.layer, 9)[3] > 0 and not found.layer.features["counted"][9]
    sizes, weights = found.counted["ecd_px"], found.counted["weight"]
    mean = np.exp(np.average(np.log(sizes), weights=weights))
    assert weights.nunique() > 1 and shown(headline(found.counted, 6, None), "geometric mean", "px") == near(mean)
    found.release()


def test_every_property_can_be_limited():
    rules = Rules(border=KeepAll(), density_g_cm3=1)
    table = table_of(discs(), 2.0, rules, intensity=np.ones((100, 120)), scores={})
    numbers = table.select_dtypes("number").columns.drop(["label", "plane"])
    assert {name.rpartition("_nm")[0] for name in numbers if "_nm" in name} <= set(PROPERTIES.names())
    for name in PROPERTIES.names():
        own = [column for column in numbers if re.sub("_(nm|px|deg|fg)[23]?$", "", column) == name]
        if table[own[-1]].notna().all():
            assert not Limit(quantity=name, least=1e12).keeps(table).any(), name
    assert {"area", "feret_max", "solidity", "mean_intensity", "score"} <= set(PROPERTIES.names())
    with pytest.raises(UserError, match="no property 'feret_maxx'; did you mean 'feret_max'"):
        Limit.parse({"quantity": "feret_maxx"})


def test_a_form_offers_the_columns():
    offered = Spec.of_field(fields(Rules)["size"]).choices
    assert offered == ("ecd", "feret_max", "feret_min", "feret_mean", "ved")
    assert set(Spec.of_field(fields(Limit)["quantity"]).choices) == set(PROPERTIES.names())


def test_particles_without_a_score_are_not_filtered_by_it():
    table = table_of(discs())
    assert Filter(min_score=0.9).keeps(table).all()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    st.builds(Filter, cut_by_border=st.booleans(), min_diameter=st.none() | st.floats(0, 60), min_score=st.floats(0, 1))
)
def test_what_is_selected_always_counts(particles, chosen):
    particles.set_filter(Filter())
    particles.select([2, 6, 9])
    particles.set_filter(chosen)
    assert particles.selected == {2, 6, 9} & set(particles.counted["label"])


def test_selected_particles_are_lit_up_and_the_plain_colours_come_back(particles, qtbot):
    plain = colour(particles.layer, 5)
    with qtbot.waitSignal(particles.selection_changed):
        particles.select([3, 8])
    np.testing.assert_allclose(colour(particles.layer, 3), HIGHLIGHT)
    assert colour(particles.layer, 5)[3] < 1
    particles.select([])
    np.testing.assert_allclose(colour(particles.layer, 5), plain)


def test_the_label_picked_in_napari_is_selected(particles, qtbot):
    with qtbot.waitSignal(particles.selection_changed):
        particles.layer.selected_label = 6
    assert particles.selected == {6}
    with qtbot.assertNotEmitted(particles.selection_changed):
        particles.layer.selected_label = 7  # no particle


def test_a_removed_particle_is_gone_everywhere_and_undo_brings_it_back(particles, qtbot):
    before = particles.table
    particles.select([6])
    with qtbot.waitSignal(particles.changed, timeout=LIMIT_MS):
        particles.remove([6])
    assert 6 not in particles.layer.data and particles.selected == frozenset()
    assert particles.table["label"].tolist() == [2, 3, 5, 8, 9]
    assert np.isnan(particles.layer.features["ecd_nm"][6])
    with qtbot.assertNotEmitted(particles.changed, wait=2 * REMEASURE_MS):
        particles.select([3])  # other colours are no edit
    with qtbot.waitSignal(particles.changed, timeout=LIMIT_MS):
        particles.layer.undo()
    same = ["label", "ecd_nm", "score", "touches_border"]
    pd.testing.assert_frame_equal(particles.table[same], before[same])


def test_painting_measures_anew_and_keeps_the_scores(particles, qtbot):
    layer = particles.layer
    layer.selected_label, layer.brush_size = 12, 9
    with qtbot.waitSignal(particles.changed, timeout=LIMIT_MS):
        layer.paint((75, 60), 12)
    assert particles.table["label"].tolist() == [2, 3, 5, 6, 8, 9, 12]
    assert particles.table.set_index("label")["score"][[2, 12]].tolist() == pytest.approx([0.3, np.nan], nan_ok=True)
    assert len(layer.features) == 13


def test_grey_values_of_particles_that_were_not_edited_stay(qapp, qtbot):
    grey = np.arange(100.0 * 120).reshape(100, 120)
    table = table_of(discs(), intensity=grey)
    found = Particles(Labels(discs()), table, ALL)
    with qtbot.waitSignal(found.changed, timeout=LIMIT_MS):
        found.layer.data_setitem((np.array([50]), np.array([20])), 0)  # one pixel of particle 6
    for name in ("mean_intensity", "sd_intensity"):
        before, after = (rows.set_index("label")[name] for rows in (table, found.table))
        assert np.isnan(after[6]) and after.drop(6).tolist() == before.drop(6).tolist()
    found.release()


def test_nothing_is_measured_after_release(qapp, qtbot):
    found = Particles(Labels(discs()), table_of(discs()), ALL)
    found.release()
    with qtbot.assertNotEmitted(found.changed, wait=500):
        found.layer.data_setitem(np.nonzero(discs() == 2), 0)


def test_an_empty_layer_is_no_problem(qapp, qtbot):
    empty = np.zeros((20, 20), np.uint32)
    found = Particles(Labels(empty), table_of(empty))
    found.set_filter(Filter(cut_by_border=False, min_diameter=3))
    assert not len(found.counted) and headline(found.counted, 0, None) == "No particles were found."
    found.release()


def test_what_prevents_measuring_again_is_reported(qapp, qtbot):
    layer = Labels(discs(), scale=(2, 2), units="nm")
    rules = Rules(gap="5 nm")
    found = Particles(layer, table_of(discs(), 2.0, rules), rules)
    with qtbot.waitSignal(found.failed, timeout=LIMIT_MS) as failed:
        layer.units = "pixel"
    assert "A gap between touching particles of 5 nm needs a known pixel size." in str(failed.args[0])
    found.release()


def test_figures_in_front():
    table = table_of(discs(), 2.0)
    text = headline(table, 9, 2.0)
    assert "6 of 9 particles counted" in text and "GSD" in text
    mean = np.exp(np.log(table["ecd_nm"]).mean())
    assert shown(text, "geometric mean", "nm") == near(mean)
    assert shown(text, "D50", "nm") == near(table["ecd_nm"].median())
    assert re.search(r"geometric mean \d\d nm \(\d\d to \d\d\)<br>", text)  # digits that the interval bears
    assert "counted</b><br>3 are cut by the border<br>" in headline(table, 9, 2.0, cut=3)
    assert "1 particle<" in headline(table[:1], 1, None) and "px" in headline(table, 6, None)
    assert headline(table[:0], 3, None) == "0 of 3 particles counted."


def test_figures_in_front_hold_the_errors_of_detection():
    table, known = table_of(discs(), 2.0), StoredUncertainty({"geometric_mean": {"detection": 0.5}})
    alone, whole = headline(table, 9, 2.0), headline(table, 9, 2.0, uncertainty=known)
    limits = [[float(one) for one in re.search(r"\((\d+) to (\d+)\)", text).groups()] for text in (alone, whole)]
    assert limits[1][0] < limits[0][0] / 2 and limits[1][1] > 2 * limits[0][1]
    assert alone.partition("GSD")[2] == whole.partition("GSD")[2]


def test_rows_follow_particles_and_particles_follow_rows(qtbot):
    widget = ParticleTable()
    qtbot.addWidget(widget)
    widget.show_rows(table_of(discs(), 2.0))
    widget.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert widget.ids() == [8, 9, 6, 5, 3, 2]
    with qtbot.assertNotEmitted(widget.picked):
        widget.highlight([6, 2])
    assert [index.row() for index in widget.selectionModel().selectedRows()] == [2, 5]
    with qtbot.waitSignal(widget.picked) as picked:
        widget.selectRow(0)
    assert picked.args == [[8]]
    names = [widget.model().headerData(i, Qt.Orientation.Horizontal) for i in range(widget.model().columnCount())]
    assert "Ø [nm]" in names and "Ø [px]" not in names and "Plane" not in names


def test_a_bar_gives_its_particles_and_every_particle_has_a_bar(qtbot):
    plot = SizesPlot()
    qtbot.addWidget(plot)
    plot.resize(320, 260)
    plot.show()
    table = table_of(discs(), 2.0)
    plot.show_table(table, 2.0)
    qtbot.waitUntil(lambda: bool(plot.bars), timeout=LIMIT_MS)
    found = []
    plot.picked.connect(found.append)
    for number in range(len(plot.bars)):
        plot.pick_bar(number)
    assert sorted(number for ids in found for number in ids) == [2, 3, 5, 6, 8, 9]

    found.clear()
    plot.canvas.draw()
    low, high = plot.bars[-1]
    x, y = plot.canvas.figure.axes[0].transData.transform((np.sqrt(low * high), 0.5))
    ratio = plot.canvas.device_pixel_ratio
    place = QPoint(round(x / ratio), round(plot.canvas.height() - y / ratio))
    qtbot.mouseClick(plot.canvas, Qt.MouseButton.LeftButton, pos=place)
    plot.pick_bar(len(plot.bars) - 1)
    assert found[0] == found[1] and found[0]
    plot.highlight(found[0])
    assert sum(bar.get_height() for bar in plot._highlighted) == len(found[0])

    density = next(line for line in plot.canvas.figure.axes[0].lines if line.get_label() == "density")
    x, y = density.get_data()
    low, high = plot.bars[0]
    per_bar = np.log(high / low) if plot.canvas.figure.axes[0].get_xscale() == "log" else (high - low) / x
    assert 4.5 < np.trapezoid(y / per_bar, np.log(x)) < 6.1  # of six particles, what lies within the axis

    plot.show_table(table[:0], 2.0)
    assert plot.bars == []
    plot.show_table(table[:1], 2.0)
    assert len(plot.bars) == 1


def test_the_plot_follows_the_theme(qtbot):
    plot = SizesPlot()
    qtbot.addWidget(plot)
    plot.show()
    plot.show_table(table_of(discs(), 2.0), 2.0)
    qtbot.waitUntil(lambda: bool(plot.bars), timeout=LIMIT_MS)
    for ink in ("#123456", "#fedcba"):
        plot.setStyleSheet(f"QWidget {{color: {ink}}}")
        assert plot.canvas.figure.axes[0].xaxis.label.get_color() == ink


def test_what_is_exported_can_be_read_back(tmp_path):
    labels, table = discs(), table_of(discs(), 2.0)
    write_table(tmp_path / "t.csv", table)
    back = pd.read_csv(tmp_path / "t.csv")
    np.testing.assert_allclose(back["ecd_nm"], table["ecd_nm"], rtol=1e-6)
    write_label_image(tmp_path / "l.tif", labels)
    np.testing.assert_array_equal(read_labels(tmp_path / "l.tif"), labels)
    write_label_image(tmp_path / "s.tif", np.stack([labels, labels]))
    assert tifffile.imread(tmp_path / "s.tif").shape == (2, 100, 120)
    for written in (labels, np.stack([labels, 70_000 * labels])):
        write_label_image(tmp_path / "sized.tif", written, (2.0, 2.5))
        found = open_labels(tmp_path / "sized.tif")
        np.testing.assert_array_equal(np.asarray(found.pixels), written)
        assert found.pixel_size_nm == pytest.approx((2.0, 2.5))


@pytest.fixture
def stack():
    """Two planes of an image with their particles."""
    layer = Image(
        np.stack([discs() > 0, discs() > 0]).astype(np.uint8) * 90, scale=(1, 2, 2), units=("pixel", "nm", "nm")
    )
    return Exported("discs", table_of(discs(), 2.0), np.stack([discs(), discs()]), (2.0, 2.0), planes(layer))


@pytest.mark.parametrize("suffix", [".svg", ".png"])
@pytest.mark.parametrize("single", [True, False])
def test_figures_of_images_and_stacks_are_written(tmp_path, stack, suffix, single):
    measured = replace(stack, labels=discs(), planes=stack.planes[:1]) if single else stack
    path = tmp_path / f"figure{suffix}"
    write_figure(path, measured)
    assert path.read_bytes().startswith(b"<?xml" if suffix == ".svg" else b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".html", ".pdf"])
@pytest.mark.parametrize("single", [True, False])
def test_a_report_is_written(tmp_path, stack, suffix, single):
    measured = replace(stack, labels=discs(), planes=stack.planes[:1]) if single else stack
    path = tmp_path / f"report{suffix}"
    write_page(path, measured)
    assert path.read_bytes().startswith(b"%PDF" if suffix == ".pdf" else b"<!")


@pytest.mark.parametrize("single", [True, False])
def test_image_and_particles_are_written_as_ome_zarr(tmp_path, stack, single):
    measured = replace(stack, labels=discs(), planes=stack.planes[:1]) if single else stack
    write_ome(tmp_path / "a.ome.zarr", measured)
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "a.ome.zarr/labels/particles/0")[:], measured.labels)
    assert zarr.open_array(tmp_path / "a.ome.zarr/0").shape == measured.labels.shape


def test_the_chosen_kind_of_file_gives_the_suffix():
    tiff, ome = (f"{kind})" for kind in EXPORTS["Labels…"][0].split(");;"))
    assert with_suffix(Path("a"), tiff).name == "a.tif" and with_suffix(Path("a.b"), tiff).name == "a.b.tif"
    assert with_suffix(Path("a.tif"), ome).name == "a.ome.zarr" == with_suffix(Path("a.ome.zarr"), tiff).name
    assert with_suffix(Path("a.png"), EXPORTS["Figure…"][0]).name == "a.png"


def test_the_scale_of_the_layer_is_followed_at_once_and_masses_soon_after(qapp, qtbot):
    layer, rules = Labels(discs()), Rules(border=KeepAll(), density_g_cm3=2.0)
    found = Particles(layer, table_of(discs(), rules=rules), rules)
    assert found.pixel_size_nm is None and "ecd_nm" not in found.table
    layer.scale, layer.units = (2, 2), ("nm", "nm")
    expected = table_of(discs(), 2.0, rules)
    np.testing.assert_allclose(found.table["area_nm2"], expected["area_nm2"])
    np.testing.assert_allclose(found.exported().table["ecd_nm"], expected["ecd_nm"])
    assert " nm" in headline(found.counted, 6, found.pixel_size_nm)
    qtbot.waitUntil(lambda: "mass_fg" in found.table, timeout=LIMIT_MS)
    np.testing.assert_allclose(found.table["mass_fg"], expected["mass_fg"])
    layer.units = ("pixel", "pixel")
    assert found.pixel_size_nm is None and not {"ecd_nm", "mass_fg"} & set(found.table)
    found.release()


def test_a_scale_set_while_measuring_is_followed(qapp):
    found = Particles(Labels(discs(), scale=(3, 3), units="nm"), table_of(discs()), ALL)
    np.testing.assert_allclose(found.table["ecd_nm"], 3 * found.table["ecd_px"])
    found.release()


def test_layers_follow_the_image_they_were_found_in(qapp):
    stack = Image(np.zeros((2, 100, 120)), scale=(1, 2, 2))
    layer = Labels(np.stack([discs(), discs()]), scale=(1, 2, 2))
    found = Particles(layer, table_of(discs()), ALL, image=stack)
    stack.scale, stack.translate, stack.units = (1, 0.5, 0.5), (0, 7, 8), ("s", "um", "um")
    assert found.pixel_size_nm == pytest.approx(500)
    assert layer.units == stack.units and layer.translate.tolist() == [0, 7, 8]
    found.release()
    stack.scale = (1, 9, 9)
    assert layer.scale.tolist() == [1, 0.5, 0.5]


def test_a_filter_keeps_the_same_particles_when_the_scale_is_set(qapp):
    chosen = Filter(min_diameter=13, max_diameter=23, limits=(Limit(quantity="area", least=150),))
    found = Particles(Labels(discs()), table_of(discs()), ALL)
    found.set_filter(chosen)
    kept = found.counted["label"].tolist()
    found.release()
    layer = Labels(discs(), scale=(3, 3), units="nm")
    found = Particles(layer, table_of(discs(), 3.0), ALL)
    found.set_filter(chosen.rescaled(None, 3.0))
    assert found.counted["label"].tolist() == kept == [5, 6, 9]
    assert chosen.rescaled(None, 3.0).rescaled(3.0, None) == chosen
    found.release()
