import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.recipes.cracks.kernels import draw_path
from particleforge.recipes.cracks.params import Course
from particleforge.recipes.cracks.paths import draw_crack
from particleforge.recipes.cracks.recipe import Cracks
from particleforge.recipes.recipe import make_sample

ONE = Course(segments=4, segment_px=15, bend_deg=20, width_px=4, branches=0, roughness=0.05)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_any_sample_holds_together(index):
    recipe = Cracks(height_px=96, width_px=80)
    sample = make_sample(recipe, None, 5, index)
    recipe.sample_schema(None).check(sample)
    assert list(sample.truth["label"]) == list(range(1, int(sample.labels.max()) + 1))
    assert (sample.labels[sample.maps["centre_line"]] > 0).all()
    np.testing.assert_array_equal(sample.truth["area_px"], np.bincount(sample.labels.ravel())[1:])


def test_a_line_has_its_width():
    depth = np.full((40, 60), -3, np.float32)
    draw_path(np.array([[20.0, 5.0], [20.0, 55.0]]), np.array([6.0, 6.0]), 3.0, depth)
    np.testing.assert_allclose(depth[:, 30], np.maximum(3 - np.abs(np.arange(40) - 20), -3), atol=1e-6)


def test_a_straight_crack_has_its_length_and_branches_are_thinner():
    straight = ONE.replace(bend_deg=0, roughness=0, branches=2)
    crack = draw_crack(straight, (200, 200), np.random.default_rng(1))
    assert len(crack) == 3
    assert crack[0].length_px == pytest.approx(60)
    assert np.hypot(*(crack[0].points[-1] - crack[0].points[0])) == pytest.approx(60)
    for branch in crack[1:]:
        assert branch.length_px == pytest.approx(30)
        assert branch.widths.max() < crack[0].widths.max()
        assert np.hypot(*(crack[0].points - branch.points[0]).T).min() < 1e-9


def test_roughness_makes_a_crack_longer():
    def length(roughness):
        course, streams = ONE.replace(roughness=roughness), map(np.random.default_rng, range(20))
        return np.mean([draw_crack(course, (200, 200), rng)[0].length_px for rng in streams])

    assert length(0) < length(0.1) < length(0.3)


def test_the_truth_is_that_of_the_course():
    recipe = Cracks(height_px=400, width_px=400, count=1, course=ONE.replace(bend_deg=0, roughness=0))
    for index in range(20):
        sample = make_sample(recipe, None, 7, index)
        inner = sample.labels[2:-2, 2:-2].any() and not (
            sample.labels[[0, -1]].any() or sample.labels[:, [0, -1]].any()
        )
        if inner:
            (row,) = sample.truth.to_dict("records")
            assert row["length_px"] == pytest.approx(60, abs=3)
            assert row["mean_width_px"] == pytest.approx(row["area_px"] / row["length_px"])
            assert 1 < row["mean_width_px"] < row["largest_width_px"] < 12
            return
    pytest.fail("no crack lay in the image")


def test_cracks_are_darker_than_their_surroundings():
    recipe = Cracks(height_px=200, width_px=200, course=ONE, intensity=-0.5, texture=0.01)
    sample = make_sample(recipe, None, 8, 0)
    pixels = sample.micrograph.pixels
    assert pixels[sample.labels > 0].mean() < pixels[sample.labels == 0].mean() - 5
