"""Aggregates measured as wholes, against closed forms and against the particles they consist of."""

import math

import numpy as np
import pandas as pd
import pytest

from particleforge.errors import UserError
from particleforge.measurement.aggregation.table import aggregate_names, arranged_aggregates, measure_aggregates
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules

RULES = Rules.parse({"density": 3})


def measured(labels, rules=RULES, pixel_size_nm=None, rows=None, **given):
    table = measure_particles(labels, image="a", pixel_size_nm=pixel_size_nm, rules=rules, rows=rows).assign(**given)
    return table, measure_aggregates(labels, table, rules=rules, rows=rows, pixel_size_nm=pixel_size_nm)


def gyration(labels):
    """Over all pixels as unit squares."""
    places = np.argwhere(labels > 0).astype(float)
    return math.sqrt(((places - places.mean(axis=0)) ** 2).sum(axis=1).mean() + 1 / 6)


def test_a_chain_of_discs_has_the_radius_of_gyration_of_the_closed_form(discs):
    radius, number, spacing = 30, 4, 61
    labels = discs([(50, 50 + spacing * i) for i in range(number)], radius, (100, 290))
    table, found = measured(labels)
    places = spacing * np.arange(number)
    expected = math.sqrt(radius**2 / 2 + places.var())
    assert found["radius_of_gyration_px"][0] == pytest.approx(expected, rel=0.003)
    assert found["radius_of_gyration_px"][0] == pytest.approx(gyration(labels), rel=1e-12)
    assert found["coordination"][0] == 2 * (number - 1) / number
    assert found["feret_max_px"][0] == pytest.approx(spacing * (number - 1) + 2 * radius + 1, rel=0.003)
    assert found["particles"][0] == number and found["area_px2"][0] == table["area_px2"].sum()
    assert found["ecd_px"][0] == pytest.approx(math.sqrt(4 * table["area_px2"].sum() / math.pi))


def test_a_disc_has_its_radius_over_the_root_of_two(discs):
    """Two halves of a disc that touch form it again."""
    labels = discs([(40, 100)], 35)
    labels[40:][labels[40:] > 0] = 2
    _, found = measured(labels)
    assert found["radius_of_gyration_px"][0] == pytest.approx(35.5 / math.sqrt(2), rel=0.02)
    assert found["radius_of_gyration_px"][0] == pytest.approx(gyration(labels), rel=1e-12)


def test_it_is_measured_as_one_particle_of_the_same_pixels(discs):
    labels = discs([(30, 30), (30, 51), (51, 31), (40, 120), (40, 141)], 10)
    _, found = measured(labels, Rules(), 2.0)
    one = measure_particles(np.select([labels > 3, labels > 0], [2, 1]), pixel_size_nm=2.0)
    for name in ("x_px", "area_px2", "ecd_nm", "feret_max_nm", "feret_min_px", "feret_mean_nm", "touches_border"):
        np.testing.assert_allclose(found[name].astype(float), one[name].astype(float), rtol=1e-12)
    np.testing.assert_allclose(found["weight"], one["weight"], rtol=1e-12)


def test_volume_and_mass_are_sums_over_its_particles(discs):
    table, found = measured(discs([(40, 30), (40, 52), (40, 120)], [10, 11, 12]), pixel_size_nm=2.0)
    own = table[table["aggregate"] == 1]
    assert len(found) == 1 and found["volume_nm3"][0] == pytest.approx(own["volume_nm3"].sum())
    assert found["mass_fg"][0] == pytest.approx(3e-6 * own["volume_nm3"].sum())
    assert found["ved_nm"][0] == pytest.approx((own["ved_nm"] ** 3).sum() ** (1 / 3))


@pytest.mark.parametrize(("border", "counts"), [("drop", 0), ("miles_lantuejoul", 0), ("keep_all", 1)])
def test_one_that_touches_the_border_is_not_whole_although_its_other_particles_are(discs, border, counts):
    table, found = measured(discs([(40, 9), (40, 31), (40, 53)], 10), Rules.parse({"border": border}))
    assert found["touches_border"].tolist() == [True] and found["weight"].tolist() == [counts]
    assert table["touches_border"].tolist() == [True, False, False] and (table["weight"][1:] > 0).all()


def test_it_counts_by_its_own_extent_and_within_the_rows_of_the_specimen(discs):
    labels = discs([(40, 60), (40, 82)], 10, (100, 200))
    table, found = measured(labels, Rules(), rows=(10, 90))
    box = 1 + np.ptp(np.argwhere(labels > 0), axis=0)
    free = (80 - 1 - box[0]) * (200 - 1 - box[1])
    assert found["weight"][0] == pytest.approx(80 * 200 / free) and found["weight"][0] > table["weight"].max()
    assert measured(labels, Rules(), rows=(30, 90))[1]["touches_border"].tolist() == [True]


def test_limits_of_size_are_those_of_particles(discs):
    labels = discs([(40, 60), (40, 82)], 10)
    assert measured(labels, Rules(largest_px=25))[1]["weight"][0] > 0
    assert len(measured(labels, Rules(largest_px=15))[1]) == 0


def test_particles_left_out_of_the_table_are_left_out_of_aggregates(discs):
    labels = discs([(40, 20), (40, 42), (40, 80), (40, 102), (40, 124)], 10)
    table, whole = measured(labels)
    without = measure_aggregates(
        labels, table[~table["label"].isin([1, 2, 5])].sample(frac=1, random_state=1), rules=RULES
    )
    assert (without["aggregate"].tolist(), without["particles"].tolist()) == ([2], [2])
    assert without["area_px2"][0] == table["area_px2"][2:4].sum() < whole["area_px2"][1]
    with pytest.raises(UserError, match="not in the labels"):
        measure_aggregates(np.where(labels == 3, 0, labels), table)


def test_images_without_aggregates_or_particles_give_an_empty_table_with_all_columns(discs):
    for labels in (np.zeros((9, 9), int), discs([(40, 60)], 10)):
        _, found = measured(labels, pixel_size_nm=2.0, frame=3)
        assert len(found) == 0 and set(found) == {*aggregate_names(), "frame"}


def test_the_plane_of_a_stack_is_kept_and_columns_have_an_order(discs):
    _, found = measured(discs([(40, 60), (40, 82)], 10), frame=3)
    assert list(found)[:5] == ["image", "frame", "aggregate", "particles", "coordination"] and found[
        "frame"
    ].tolist() == [3]
    assert arranged_aggregates(["mine", "particles", "image", "frame"]) == ["image", "frame", "particles", "mine"]
    assert isinstance(found, pd.DataFrame) and "x_nm" not in found and "mass_fg" not in found
