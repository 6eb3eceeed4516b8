"""Overlapping particles are measured as if each were alone in the image."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.mask import Mask, WholeLabels
from particleforge.measurement.aggregation.table import measure_aggregates
from particleforge.measurement.columns import DESCRIPTORS, givers
from particleforge.measurement.measured import Measured
from particleforge.measurement.particles import measure_particles

SHAPE = (90, 100)
TOGETHER = [name for name, giver in givers().items() if getattr(DESCRIPTORS.get(giver), "TOGETHER", False)]


def rod(middle, length, width, degrees):
    rows, columns = np.indices(SHAPE)
    angle = np.deg2rad(degrees)
    along = (rows - middle[0]) * np.sin(angle) + (columns - middle[1]) * np.cos(angle)
    across = (rows - middle[0]) * np.cos(angle) - (columns - middle[1]) * np.sin(angle)
    return np.hypot(np.maximum(np.abs(along) - length / 2, 0), across) <= width / 2


def scene(pixels):
    """Labels with the last ones on top, and the whole masks."""
    labels = np.zeros(SHAPE, np.uint32)
    for number, one in enumerate(pixels, 1):
        labels[one] = number
    return labels, {number: Mask.of(one) for number, one in enumerate(pixels, 1)}


CROSS = [rod((45, 50), 60, 8, 20), rod((45, 50), 60, 8, 80), rod((20, 20), 4, 4, 0)]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 89), st.integers(0, 99), st.integers(0, 60), st.integers(3, 14), st.integers(0, 179)),
        min_size=1,
        max_size=7,
    )
)
def test_each_particle_is_measured_as_if_it_were_alone(rods):
    pixels = [rod((y, x), length, width, degrees) for y, x, length, width, degrees in rods]
    labels, masks = scene(pixels)
    table = measure_particles(WholeLabels(labels, masks), pixel_size_nm=2.0)
    alone = [measure_particles(np.where(one, number, 0), pixel_size_nm=2.0) for number, one in enumerate(pixels, 1)]
    expected = pd.concat(alone, ignore_index=True)
    own = [name for name in expected if name not in TOGETHER and not name.startswith("neighbour")]
    pd.testing.assert_frame_equal(table[own], expected[own], check_dtype=False)
    seen = np.bincount(labels.ravel(), minlength=len(pixels) + 1)[1:]
    np.testing.assert_allclose(table["visible_fraction"], seen / [one.sum() for one in pixels])


def test_crossing_rods_have_their_length_and_touch():
    labels, masks = scene(CROSS)
    flat, table = measure_particles(labels), measure_particles(WholeLabels(labels, masks))
    assert table["feret_max_px"].tolist()[:2] == pytest.approx([68, 68], abs=1.5)
    assert flat["feret_max_px"][0] < 40  # one half of the lower one only
    assert table["contacts"].tolist() == [1, 1, 0]
    assert table["aggregate"].tolist() == [1, 1, 0]
    assert table["pieces"].tolist() == [1, 1, 1]
    assert 0.8 < table["visible_fraction"][0] < 0.95
    assert table["visible_fraction"].tolist()[1:] == [1, 1]
    joined = measure_aggregates(WholeLabels(labels, masks), table)
    assert joined["area_px2"][0] == np.isin(labels, (1, 2)).sum()
    assert joined["particles"].tolist() == [2]
    assert "visible_fraction" not in flat


def test_grey_values_are_those_of_visible_pixels():
    labels, masks = scene(CROSS)
    table = measure_particles(WholeLabels(labels, masks), intensity=labels.astype(float))
    assert table["mean_intensity"].tolist() == pytest.approx([1, 2, 3])


def test_a_hidden_particle_has_a_row():
    pixels = [rod((40, 40), 4, 6, 0), rod((40, 40), 20, 20, 0)]
    labels, masks = scene(pixels)
    table = measure_particles(WholeLabels(labels, masks), intensity=np.ones(SHAPE), scores={1: 0.4, 2: 0.9})
    assert table["label"].tolist() == [1, 2]
    assert table["visible_fraction"].tolist() == [0, 1]
    assert table["area_px2"].tolist() == [one.sum() for one in pixels]
    assert table["score"].tolist() == [0.4, 0.9]
    assert table["contacts"].tolist() == [0, 0]
    assert np.isnan(table["mean_intensity"][0])
    assert not len(measure_aggregates(WholeLabels(labels, masks), table))


def test_the_border_rule_is_that_of_the_whole_particle():
    pixels = [rod((5, 40), 8, 12, 0), rod((1, 40), 30, 8, 0)]  # only the upper one is visible at the border
    labels, masks = scene(pixels)
    assert not (labels[0] == 1).any()
    table = measure_particles(WholeLabels(labels, masks))
    assert table["touches_border"].tolist() == [True, True]
    assert measure_particles(labels)["touches_border"].tolist() == [False, True]


def test_particles_without_a_whole_mask_are_measured_as_far_as_they_are_visible():
    labels, masks = scene(CROSS)
    del masks[1]
    table = measure_particles(WholeLabels(labels, masks))
    assert table["area_px2"][0] == measure_particles(labels)["area_px2"][0]
    assert table["pieces"][0] == 2
    assert np.isnan(table["visible_fraction"][0])
    assert table["feret_max_px"][1] == pytest.approx(68, abs=1.5)


def test_nothing_found_is_an_empty_table():
    empty = Mask(0, 0, np.zeros((0, 0), bool))
    assert len(measure_particles(WholeLabels(np.zeros(SHAPE, np.uint32), {3: empty}))) == 0


def test_figures_show_whole_outlines():
    labels, masks = scene(CROSS)
    lines = Measured("one", labels=labels, whole=masks).outlines
    assert [len(lines[number]) for number in (1, 2, 3)] == [1, 1, 1]
    assert len(Measured("one", labels=labels).outlines[1]) == 2
