import numpy as np
import pytest

from particleforge.draws import fix
from particleforge.recipes.clutter._spectrum import filtered_noise
from particleforge.recipes.clutter.clutter import AnyClutter, Clutter, Reference, above, away
from particleforge.recipes.clutter.dust import Dust
from particleforge.recipes.clutter.holes import LEAST_PX, Holes
from particleforge.recipes.clutter.scratches import Scratches
from particleforge.recipes.clutter.shading import Shading
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.registry import Kinds

KINDS = Kinds(Clutter).members()
PARTICLES = Reference(contrast=0.5, diameter_px=24)
GREY = np.full((96, 128), 0.4, np.float32)


def drawn(kind, seed, strength=0.4, diameter_px=24.0, image=GREY):
    rng = np.random.default_rng(seed)
    fixed = fix(KINDS[kind](strength=strength), rng)
    return fixed.apply(image, PARTICLES._replace(diameter_px=diameter_px), rng)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("diameter_px", [2.0, 24.0, 200.0])
def test_clutter_changes_the_image_by_no_more_than_its_strength(kind, diameter_px):
    changes = [drawn(kind, seed, diameter_px=diameter_px) - GREY for seed in range(8)]
    assert all(change.shape == GREY.shape and change.dtype == np.float32 for change in changes)
    assert np.isfinite(changes).all()
    largest = np.max(np.abs(changes))
    assert 0.02 < largest < 5 * 0.4 * PARTICLES.contrast


@pytest.mark.parametrize("kind", KINDS)
def test_strength_0_and_the_same_seed_change_nothing(kind):
    assert drawn(kind, 0, strength=0) is GREY
    np.testing.assert_array_equal(drawn(kind, 3), drawn(kind, 3))


def test_grey_values_follow_the_contrast_of_the_particles():
    for seed in range(5):
        one = fix(Scratches(strength=0.4), np.random.default_rng(seed))
        weak, strong = (
            one.apply(GREY, Reference(contrast, 24), np.random.default_rng(seed)) - GREY for contrast in (0.1, 0.4)
        )
        np.testing.assert_allclose(strong, 4 * weak, atol=1e-5)


def test_crumbs_are_far_smaller_than_particles():
    dust = fix(Dust(size_px=6, count=20), np.random.default_rng(0))
    pattern = dust.pattern((256, 256), 10.0, np.random.default_rng(0))
    from skimage.measure import label, regionprops_table

    sizes = regionprops_table(label(pattern > 0.25), properties=("equivalent_diameter_area",))
    assert np.median(sizes["equivalent_diameter_area"]) < 5


def test_holes_are_far_larger_than_the_particles_a_network_looks_for():
    pattern = fix(Holes(edge=0), np.random.default_rng(0)).pattern((512, 512), 4.0, np.random.default_rng(0))
    widest = 2 * np.sqrt((pattern > 0.5).sum() / np.pi)
    assert widest > LEAST_PX


def test_shading_goes_across_the_whole_field_and_lies_in_front():
    assert Shading.in_front
    pattern = fix(Shading(), np.random.default_rng(1)).pattern((128, 128), 10.0, np.random.default_rng(1))
    assert (pattern.min(), pattern.max()) == pytest.approx((-0.5, 0.5), abs=1e-3)
    assert np.abs(np.diff(pattern, axis=0)).max() < 0.05


@pytest.mark.parametrize("even", [False, True])
def test_noise_has_unit_deviation_and_its_bumps_the_size_asked_for(even):
    def width(size):
        noise = filtered_noise((256, 256), size, np.random.default_rng(0), even=even)
        assert noise.std() == pytest.approx(1, rel=1e-3)
        return 1 / np.abs(np.diff(noise, axis=1)).mean()

    assert width(24) == pytest.approx(2 * width(12), rel=0.2)


def test_stretched_noise_is_longer_than_wide():
    noise = filtered_noise((256, 256), 6, np.random.default_rng(0), stretch=4, angle=0)
    across, along = np.abs(np.diff(noise, axis=0)).mean(), np.abs(np.diff(noise, axis=1)).mean()
    assert across / along == pytest.approx(4, rel=0.2)


def test_levels_of_a_plane():
    plane = np.tile(np.arange(-20, 20, dtype=np.float32), (8, 1))
    np.testing.assert_allclose(away(plane, 3.0)[0], plane[0] - 3)
    sides = above(plane, 0.0, 2.0)[0]
    assert sides[:19].max() == 0
    assert sides[21:].min() == pytest.approx(1)
    assert sides[20] == pytest.approx(0.5)


def test_as_many_kinds_are_drawn_as_asked_for_and_particles_are_labelled_alone():
    plain = Shapes(height_px=96, width_px=96, lettering=0, coverage=0)
    cluttered = plain.replace(clutter=tuple({"kind": kind} for kind in KINDS), clutter_kinds=3)
    assert cluttered.clutter_kinds == 3
    changed = 0
    for index in range(6):
        sample = make_sample(cluttered, None, 0, index)
        assert not sample.labels.any()
        assert len(sample.truth) == 0
        changed += bool((sample.micrograph.pixels != make_sample(plain, None, 0, index).micrograph.pixels).any())
    assert changed == 6


def test_any_kind_is_read_by_its_name():
    assert AnyClutter.__metadata__
    assert isinstance(Shapes(clutter=({"kind": "dust"},)).clutter[0], Dust)
