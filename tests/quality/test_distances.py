"""Distances compared with independent computations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg

from particleforge.quality.comparison import compare
from particleforge.quality.described import Described, in_common_units
from particleforge.quality.distances import cosine, fid, kid, objects, style
from particleforge.quality.gaussians import frechet, shrunk
from particleforge.quality.pairs import Discrepancy, polynomial
from particleforge.step import run

BLOCKS = {"texture": 5, "network": 7, "objects": 3, "style": 4}


def described(name, rng, images=8, crops=3, shift=0.0):
    """Random features of a set."""
    features = {
        key: [rng.normal(shift, 1, (crops if key in ("texture", "network") else 1, size)) for _ in range(images)]
        for key, size in BLOCKS.items()
    }
    return Described(name, [str(place) for place in range(images)], features)


def once(*sets):
    """Every image counts once."""
    return [np.ones((1, len(one))) for one in sets]


def given_only(rows):
    return Described("set", list(map(str, range(len(rows)))), {"given": [row[None] for row in rows]})


def double_sum(one, other, kernel):
    """Unbiased squared maximum mean discrepancy, pair by pair."""

    def within(rows):
        pairs = [kernel(a, b) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j]
        return np.mean(pairs)

    across = np.mean([kernel(a, b) for a in one for b in other])
    return within(one) + within(other) - 2 * across


@given(st.integers(0, 1000), st.integers(2, 7), st.integers(2, 7))
def test_the_kernel_distance_is_a_double_sum(seed, n, m):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(0, 1, (n, 6)), rng.normal(0.3, 1, (m, 6))
    found = kid.between(given_only(one), given_only(other))(np.ones((1, n)), np.ones((1, m)))[0]
    assert found == pytest.approx(double_sum(one, other, lambda a, b: (a @ b / 6 + 1) ** 3))


def test_several_rows_of_an_image_count_as_one_and_are_not_compared_with_each_other():
    rng = np.random.default_rng(0)
    sets = [[rng.normal(shift, 1, (count, 4)) for count in (1, 3, 2)] for shift in (0, 0.5)]
    found = Discrepancy.of(*sets, polynomial)(np.ones((1, 3)), np.ones((1, 3)))[0]
    expected = double_sum(*sets, lambda a, b: np.mean([(x @ y + 1) ** 3 for x in a for y in b]))
    assert found == pytest.approx(expected)


def test_a_resample_is_the_set_with_copies_that_are_not_compared_with_each_other():
    rng = np.random.default_rng(1)
    one, other = rng.normal(0, 1, (4, 3)), rng.normal(0, 1, (3, 3))
    between = kid.between(given_only(one), given_only(other))
    times = np.array([[2.0, 1.0, 0.0, 1.0]])
    rows = [0, 0, 1, 3]
    kernel = [[(a @ b / 3 + 1) ** 3 for b in one] for a in one]
    within = np.mean([kernel[i][j] for i in rows for j in rows if i != j])
    single = between(np.array([[1.0, 1.0, 1.0, 1.0]]), np.ones((1, 3)))
    drawn = between(times, np.ones((1, 3)))[0]
    others = np.mean([(a @ b / 3 + 1) ** 3 for i, a in enumerate(other) for j, b in enumerate(other) if i != j])
    across = np.mean([(one[i] @ b / 3 + 1) ** 3 for i in rows for b in other])
    assert drawn == pytest.approx(within + others - 2 * across)
    assert drawn != pytest.approx(single[0])


@given(st.integers(0, 1000))
def test_the_frechet_distance_is_that_of_the_matrix_root(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(0, 1, (40, 5)), rng.normal(0.4, 2, (30, 5)) @ rng.normal(0, 1, (5, 5))
    moments = [(rows.mean(0), np.cov(rows.T)) for rows in (one, other)]
    (mean, own), (mean_other, others) = moments
    root = linalg.sqrtm(own @ others)
    expected = ((mean - mean_other) ** 2).sum() + np.trace(own + others - 2 * root.real)
    assert frechet(mean, own, mean_other, others) == pytest.approx(expected)
    found = fid.between(given_only(one), given_only(other))(np.ones((1, 40)), np.ones((1, 30)))[0]
    assert found == pytest.approx(expected)


def test_shrinkage_follows_the_published_formula_and_vanishes_with_many_rows():
    rng = np.random.default_rng(2)
    covariance = np.cov(rng.normal(0, [1, 2, 3], (50, 3)).T)
    size, count, trace = 3, 10, np.trace(covariance)
    squares = np.trace(covariance @ covariance)
    share = ((1 - 2 / size) * squares + trace**2) / ((count + 1 - 2 / size) * (squares - trace**2 / size))
    expected = (1 - share) * covariance + share * trace / size * np.eye(size)
    assert np.allclose(shrunk(covariance, np.array(10.0)), expected)
    assert np.allclose(shrunk(covariance, np.array(1e9)), covariance)
    assert np.allclose(shrunk(covariance, np.array(1.0)), trace / size * np.eye(size))


def test_the_energy_distance_and_the_style_distance_are_double_sums():
    rng = np.random.default_rng(3)
    one, other = described("one", rng, crops=1), described("other", rng, crops=1, shift=0.4)
    rows = {key: [np.concatenate(each.features[key]) for each in (one, other)] for key in ("objects", "style")}
    energy = double_sum(*rows["objects"], lambda a, b: -np.linalg.norm(a - b))
    assert objects.between(one, other)(*once(one, other))[0] == pytest.approx(energy)
    squared = double_sum(*rows["style"], lambda a, b: a @ b)
    assert style.between(one, other)(*once(one, other))[0] == pytest.approx(squared)


def test_the_cosine_distance_is_one_less_the_mean_cosine():
    one, other = np.array([[1.0, 0], [0, 2]]), np.array([[3.0, 3]])
    found = cosine.between(given_only(one), given_only(other))(np.ones((1, 2)), np.ones((1, 1)))[0]
    assert found == pytest.approx(1 - np.sqrt(0.5))


def test_distances_of_a_network_are_left_out_without_one():
    rng = np.random.default_rng(4)
    compared = run(compare(described("real", rng), [described("set", rng)]))
    assert list(compared.far) == ["kernel", "kernel_texture", "kernel_network", "objects", "style", "frechet"]


def test_units_do_not_depend_on_those_of_the_features():
    rng = np.random.default_rng(5)
    sets = [described("one", rng), described("other", rng, shift=1.0)]
    stretched = [
        Described(one.name, one.images, {key: [7 * rows - 3 for rows in own] for key, own in one.features.items()})
        for one in sets
    ]
    for one, other in zip(in_common_units(sets), in_common_units(stretched), strict=True):
        for key in ("texture", "network", "objects"):
            assert np.allclose(np.concatenate(one.features[key]), np.concatenate(other.features[key]))
    stacked = [np.concatenate(one.features["texture"]) for one in in_common_units(sets)]
    assert np.mean([(rows**2).sum(1).mean() for rows in stacked]) == pytest.approx(1)


def test_a_set_like_the_real_images_is_near_and_another_far():
    rng = np.random.default_rng(6)
    real, like = described("real", rng, images=12), described("like", rng, images=20)
    other = described("other", rng, images=20, shift=1.5)
    compared = run(compare(real, [other, like]))
    assert compared.ranked == ["like", "other"]
    for key, far in compared.far.items():
        chance = compared.chance[key]
        assert chance.low <= chance.median <= chance.high
        assert far["other"].units > 3 and abs(far["like"].units) < 1.5, key
        assert far["like"].value.low <= far["like"].value.value <= far["like"].value.high or key == "frechet"
        assert far["like"].nearest > 0.99


def test_halves_of_a_set_lie_within_its_own_distances_by_chance():
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(20):
        real, second = described("real", rng, images=10), described("second", rng, images=10)
        compared = run(compare(real, [second]))
        chance = compared.chance["kernel"]
        inside += chance.low <= compared.far["kernel"]["second"].value.value <= chance.high
    assert inside >= 17


def test_a_single_real_image_has_no_halves_and_few_images_no_intervals():
    rng = np.random.default_rng(8)
    compared = run(compare(described("real", rng, images=1), [described("set", rng, images=3)]))
    far = compared.far["kernel"]["set"]
    assert not compared.chance and far.units is None and far.nearest is None and far.value.low is None
    assert np.isfinite(far.value.value)
