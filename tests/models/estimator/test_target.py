from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.models.estimator.model import reach_of
from particleforge.models.estimator.target import Batch, Regression, Share, named, shown_by
from particleforge.recipes.aggregate.descriptors import describe, read_truth
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.recipe import make_sample

VALUES = np.array([0.0, 0.25, 1.0, 0.5, 0.0, 0.75])
EVERYONE = np.arange(len(VALUES))


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        ("", 4.0),
        ("disc", 4.0),
        ("truth.seen", 4.0),
        ("disc + truth.seen", 8.0),
        ("truth.of=gold", 0.5),
        ("truth.of=copper", 0.0),
    ],
)
def test_what_a_sample_shows(make_disc, shown, value):
    sample = make_disc(4.0, np.random.default_rng(0))
    assert Regression(parameter="disc", shown=shown).of_sample(sample) == value


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        ("truth.size", "columns seen, of"),
        ("truth.of", "truth.of=gold"),
        ("radius", "no parameter 'radius'"),
    ],
)
def test_what_a_sample_has_not(make_disc, shown, says):
    sample = make_disc(4.0, np.random.default_rng(0))
    with pytest.raises(UserError) as found:
        Regression(parameter="disc", shown=shown).of_sample(sample)
    assert says in str(found.value)


def test_descriptors_of_aggregates():
    recipe = Aggregate.parse({"height_px": 64, "width_px": 64, "pixel_size_nm": 4, "growth": {"kind": "paper"}})
    sample = make_sample(recipe, None, seed=0, index=0)
    told = describe(*read_truth(sample.truth))
    for name in ("hetero_coordination", "cluster_size_WO3", "share_TiO2"):
        assert shown_by(sample, f"descriptor.{name}") == told[name]
    assert shown_by(sample, "descriptor.share_TiO2") == pytest.approx(shown_by(sample, "truth.material=TiO2"))
    bare = replace(sample, truth=sample.truth[sample.truth["material"] == "WO3"])
    assert np.isnan(shown_by(bare, "descriptor.cluster_size_TiO2"))
    assert shown_by(bare, "descriptor.share_TiO2") == 0
    with pytest.raises(UserError, match=r"no descriptor 'size'.*Descriptors: particles, radius_of_gyration_nm"):
        shown_by(sample, "descriptor.size")


def test_a_sample_without_an_aggregate_has_no_descriptors(make_disc):
    with pytest.raises(UserError, match="disc is not an aggregate"):
        shown_by(make_disc(4.0, np.random.default_rng(0)), "descriptor.coordination")


def test_a_sample_without_truth(make_disc):
    bare = replace(make_disc(4.0, np.random.default_rng(0)), truth=None)
    with pytest.raises(UserError, match="no truth table"):
        Regression(parameter="disc", shown="truth.seen").of_sample(bare)


def test_limits_are_those_given_then_those_of_the_draw_then_those_of_the_data():
    values = np.array([3.0, 5.0])
    drawn = {"disc": {"kind": "uniform", "low": 2.0, "high": 8.0}}
    assert Regression(parameter="disc").limits(drawn, values) == (2, 8)
    assert Regression(parameter="disc").limits({}, values) == (3, 5)
    assert Regression(parameter="disc", high=9).limits(drawn, values) == (2, 9)
    assert Regression(parameter="disc", shown="truth.seen").limits(drawn, np.array([3.0, 8.5])) == (2, 8.5)
    endless = {"disc": {"kind": "lognormal", "median": 4.0, "gsd": 1.5}}
    assert Regression(parameter="disc").limits(endless, values) == (3, 5)
    assert Regression(parameter="disc").limits({"kind": "batches", "recipe": drawn}, values) == (2, 8)


def test_what_does_not_vary_cannot_be_learned():
    with pytest.raises(UserError, match="disc is 4 in every sample"):
        Regression(parameter="disc").limits({"disc": 4.0}, np.full(5, 4.0))


@given(st.floats(0, 1), st.floats(-5, 5), st.floats(0.1, 10))
def test_goals_and_estimates_are_inverse_to_each_other(share, low, extent):
    target = Regression(parameter="disc")
    reach = reach_of(target, (low, low + extent))
    assert reach == pytest.approx((low - 0.1 * extent, low + 1.1 * extent))
    values = target.combine({"value": np.array([share])}, reach)
    assert target.goals("value", values, reach) == pytest.approx([share], abs=1e-6)


def test_a_share_said_to_be_at_an_end_gets_the_nearer_one():
    target = Share(parameter="disc")
    outputs = {"value": np.array([0.1, 0.1, 0.9, 0.6]), "ends": np.array([0.9, 0.4, 0.8, 0.51])}
    assert target.combine(outputs, (0, 1)).tolist() == [0, 0.1, 1, 1]
    assert Share(parameter="disc", low=2, high=4).combine(outputs, (2, 4)).tolist() == pytest.approx([2, 2.2, 4, 4])


def test_ends_are_drawn_as_often_as_the_others():
    pools = Share(parameter="disc").pools(VALUES, EVERYONE, EVERYONE, (0, 1))
    assert [pool.tolist() for pool in pools["ends"]] == [[0, 2, 4], [1, 3, 5]]
    assert [pool.tolist() for pool in pools["value"]] == [EVERYONE.tolist()]
    assert Share(parameter="disc").goals("ends", VALUES, (0, 1)).tolist() == [1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize(("values", "says"), [([0.2, 0.4], "No sample"), ([0, 1, 1], "Every sample")])
def test_a_share_needs_ends_and_others(values, says):
    with pytest.raises(UserError, match=says):
        Share(parameter="disc").limits({}, np.array(values, float))


def test_batches_are_of_one_group_that_is_large_enough():
    groups = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    target = Batch(parameter="disc", at_once=3)
    assert [pool.tolist() for pool in target.pools(groups, groups, np.arange(8), (0, 2))["value"]] == [
        [0, 1, 2],
        [5, 6, 7],
    ]
    with pytest.raises(UserError, match="0 of 3 batches have at least 4 samples"):
        Batch(parameter="disc", at_once=4).pools(groups, groups, np.arange(8), (0, 2))


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ([], "No parameter"),
        ([Regression()], "No parameter"),
        ([Regression(parameter="a"), Share(parameter="a")], "a is named in two targets"),
    ],
)
def test_targets_are_named_once(targets, says):
    with pytest.raises(UserError, match=says):
        named(targets)


def test_limits_in_the_wrong_order_are_refused():
    with pytest.raises(UserError, match="low 3 is not below high 2"):
        Regression.parse({"parameter": "disc", "low": 3, "high": 2})


def test_missing_numbers_of_a_column_are_passed_over(make_disc):
    sample = replace(make_disc(4.0, np.random.default_rng(0)), truth=pd.DataFrame({"seen": [np.nan, np.nan]}))
    assert np.isnan(Regression(parameter="disc", shown="truth.seen").of_sample(sample))
