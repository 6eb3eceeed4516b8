"""Whole particles, including what others hide, are compared with their own masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.quality.found_file import Found, read_found, write_found
from particleforge.quality.instances import Instances, overlaps
from particleforge.quality.metric import evaluate, judge

SHAPE = (90, 90)


def rod(angle):
    """(Y, X) a rod across the middle."""
    y, x = np.indices(SHAPE) - 44.5
    along, across = (x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle))
    return (np.abs(along) < 36) & (np.abs(across) < 7)


def instances(masks, **about):
    found = Instances.of_pixels([np.nonzero(mask) for mask in masks], SHAPE)
    return Instances(SHAPE, found.runs, **about)


def test_two_rods_that_cross_are_two_whole_rods():
    rods = [rod(np.pi / 6), rod(-np.pi / 6)]
    found = judge(instances(rods), instances(rods, scores=np.array([0.4, 0.9])))
    values = evaluate([found])
    assert values["f1"] == values["f1_75"] == pytest.approx(1) and values["ap"] == pytest.approx(1)
    assert values["geometric_mean_error_percent"] == pytest.approx(0, abs=1e-9)
    diameter = 2 * np.sqrt(rods[0].sum() / np.pi)
    np.testing.assert_allclose(found.true_sizes[:, 0], diameter, rtol=0.01)


def test_a_rod_that_another_one_cuts_is_too_small():
    """Its two ends are found as one particle, of which the larger piece is measured."""
    rods = [rod(np.pi / 6), rod(-np.pi / 6)]
    flat = np.where(rods[1], 2, np.where(rods[0], 1, 0))
    values = evaluate([judge(instances(rods), flat)])
    assert values["f1"] == 1 and values["f1_75"] == 1
    assert values["geometric_mean_error_percent"] < -5


def test_one_mask_matches_one_particle_even_if_it_fits_two():
    """Both found masks fit the first particle, one of them also the second: as many pairs as possible are hits."""
    a, b = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    a[10:20, 10:30], b[10:20, 10:24] = True, True
    true, found = instances([a, b]), instances([b, a])
    assert judge(true, found).score.hits == 2
    assert judge(true, instances([a, a])).score.hits == 2  # IoU 0.7 with b
    assert judge(true, instances([a])).score.hits == 1


masks = st.lists(arrays(bool, (7, 9)), max_size=5)


@given(masks, masks)
def test_shared_pixels_are_those_of_every_pair(one, other):
    first, second = (Instances.of_pixels([np.nonzero(mask) for mask in some], (7, 9)) for some in (one, other))
    expected = np.array([[np.logical_and(a, b).sum() for b in other] for a in one]).reshape(len(one), len(other))
    i, j, pixels = overlaps(first, second)
    table = np.zeros_like(expected, dtype=int)
    table[i, j] = pixels
    np.testing.assert_array_equal(table, expected)
    np.testing.assert_array_equal(first.areas, [mask.sum() for mask in one])
    assert first.overlap == (sum(mask.sum() for mask in one) > np.any([*one, np.zeros((7, 9), bool)], axis=0).sum())


@given(masks)
def test_what_was_found_is_read_as_it_was_written(tmp_path_factory, some):
    path = tmp_path_factory.mktemp("found") / "a.json"
    given = Instances.of_pixels([np.nonzero(mask) for mask in some], (7, 9))
    scores, classes = np.linspace(0, 1, len(some)), tuple("abcde"[: len(some)])
    write_found(path, Found(Instances((7, 9), given.runs, scores, classes), {"certainty": 0.5}, 1.5), "key")
    found = read_found(path, "key")
    assert (found.seconds, found.finding, found.particles.classes) == (1.5, {"certainty": 0.5}, classes)
    np.testing.assert_array_equal(found.particles.scores, scores)
    for (rows, columns), mask in zip(found.particles.pixels(), some, strict=True):
        np.testing.assert_array_equal((rows, columns), np.nonzero(mask))
    assert read_found(path, "another key") is None and read_found(path.with_name("none.json"), "key") is None
    path.write_text(path.read_text()[:-20])
    assert read_found(path, "key") is None


def test_recall_of_particles_that_overlap():
    apart = np.zeros(SHAPE, np.bool_)
    apart[2:8, 2:8] = True
    rods = [rod(np.pi / 6), rod(-np.pi / 6), apart]
    assert evaluate([judge(instances(rods), instances(rods[1:]))])["crossing_recall"] == pytest.approx(1 / 2)
    assert evaluate([judge(instances(rods), instances(rods[:2]))])["crossing_recall"] == 1
    assert evaluate([judge(instances(rods[1:]), instances(rods[1:]))])["crossing_recall"] is None
