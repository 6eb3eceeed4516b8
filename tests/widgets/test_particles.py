"""Particles of a Labels layer: selection, edits and scale."""

import re

import numpy as np
import pandas as pd
import pytest
from napari.layers import Image, Labels

from particleforge.errors import UserError
from particleforge.measurement.borders.keep_all import KeepAll
from particleforge.measurement.columns import PROPERTIES
from particleforge.measurement.filter import Filter, Limit
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.widgets.form.spec import Spec, fields
from particleforge.widgets.measure.particles import REMEASURE_MS, Particles

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


def test_row_i_of_the_features_is_label_i(particles):
    rows = particles.layer.features
    assert rows["label"].tolist() == list(range(10))
    assert rows["ecd_nm"].notna().tolist() == [number in (2, 3, 5, 6, 8, 9) for number in range(10)]
    assert rows["ecd_nm"][8] == pytest.approx(2 * np.sqrt(4 * (discs() == 8).sum() / np.pi))
    assert particles.pixel_size_nm == 2


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


def test_what_prevents_measuring_again_is_reported(qapp, qtbot):
    layer = Labels(discs(), scale=(2, 2), units="nm")
    rules = Rules(gap="5 nm")
    found = Particles(layer, table_of(discs(), 2.0, rules), rules)
    with qtbot.waitSignal(found.failed, timeout=LIMIT_MS) as failed:
        layer.units = "pixel"
    assert "A gap between touching particles of 5 nm needs a known pixel size." in str(failed.args[0])
    found.release()


def test_the_scale_of_the_layer_is_followed_at_once_and_masses_soon_after(qapp, qtbot):
    layer, rules = Labels(discs()), Rules(border=KeepAll(), density_g_cm3=2.0)
    found = Particles(layer, table_of(discs(), rules=rules), rules)
    assert found.pixel_size_nm is None and "ecd_nm" not in found.table
    layer.scale, layer.units = (2, 2), ("nm", "nm")
    expected = table_of(discs(), 2.0, rules)
    np.testing.assert_allclose(found.table["area_nm2"], expected["area_nm2"])
    np.testing.assert_allclose(found.counted["ecd_nm"], expected["ecd_nm"])
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
