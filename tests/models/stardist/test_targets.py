import numpy as np
import pytest
from stardist.geometry import star_dist
from stardist.utils import edt_prob

from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.targets import targets

CONFIG = StarDistConfig(n_rays=16, grid=(2, 2))


def discs(count=9, shape=(64, 72), seed=0):
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    labels = np.zeros(shape, np.int32)
    for label in range(1, count + 1):
        y, x = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        labels[np.hypot(rows - y, columns - x) <= rng.uniform(3, 10)] = label
    return labels


@pytest.mark.parametrize("grid", [(1, 1), (2, 2), (4, 2)])
@pytest.mark.parametrize("n_rays", [8, 32])
def test_distances_are_those_of_the_official_kernels(grid, n_rays):
    labels = discs()
    goals = targets(labels, None, StarDistConfig(n_rays=n_rays, grid=grid))
    expected = star_dist(labels.astype(np.uint16), n_rays)[:: grid[0], :: grid[1]]
    np.testing.assert_allclose(goals.dist, np.moveaxis(expected, -1, 0), atol=1e-6)
    assert goals.weight.shape == goals.prob.shape
    assert (goals.weight == 1).all()
    assert {goals.prob.dtype, goals.dist.dtype, goals.weight.dtype} == {np.dtype(np.float32)}


def test_the_probability_of_a_disc_is_the_official_one():
    rows, columns = np.indices((96, 96))
    disc = (np.hypot(rows - 47, columns - 45) <= 40).astype(int)
    goals = targets(disc, None, StarDistConfig(n_rays=64, grid=(1, 1)))
    np.testing.assert_allclose(goals.prob, edt_prob(disc), atol=0.07)


def test_the_probability_of_a_rod_falls_towards_its_ends():
    rod = np.zeros((48, 160), int)
    rod[20:29, 10:140] = 1
    goals = targets(rod, None, StarDistConfig(n_rays=64, grid=(1, 1)))
    along = np.arange(20, 130)
    expected = np.sqrt(1 - np.abs(along - 74.5) / 65)
    np.testing.assert_allclose(goals.prob[24, along], expected, atol=0.06)
    assert (edt_prob(rod)[24, along] == 1).all()


@pytest.mark.parametrize("step", [1, 7, 70_000, 400_000_000])
def test_ids_may_be_any(step):
    labels = discs()
    goals, expected = targets(labels.astype(np.uint32) * np.uint32(step), None, CONFIG), targets(labels, None, CONFIG)
    np.testing.assert_array_equal(goals.prob, expected.prob)
    np.testing.assert_array_equal(goals.dist, expected.dist)


def test_neighbours_65536_apart_stay_two():
    labels = np.zeros((32, 32), np.uint32)
    labels[8:24, 4:16], labels[8:24, 16:28] = 1, 1 + 65_536
    goals = targets(labels, None, StarDistConfig(n_rays=4, grid=(1, 1)))
    assert goals.dist[:, 16, 10].max() < 10


def test_an_image_without_background():
    half = np.where(np.arange(32) < 16, 5, 9) * np.ones((32, 1), int)
    goals = targets(half, None, StarDistConfig(n_rays=4, grid=(1, 1)))
    assert (goals.prob > 0).all()
    assert np.isfinite(goals.dist).all()


def test_an_empty_image_has_empty_targets():
    goals = targets(np.zeros((32, 32), np.uint32), None, CONFIG)
    assert not goals.prob.any()
    assert not goals.dist.any()


def test_what_is_not_known_weighs_nothing():
    labels = discs()
    known = np.random.default_rng(1).random(labels.shape) > 0.5
    goals = targets(labels, known, CONFIG)
    np.testing.assert_array_equal(goals.weight, known[::2, ::2])
