import numpy as np
import pytest

from particleforge.draws import fix
from particleforge.recipes.placement import Crowding, Scene, Stamp
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.recipes.shapes.shading.peak import Peak
from particleforge.recipes.shapes.support import Support

GREY = np.full((120, 160), 0.2, np.float32)


@pytest.mark.parametrize("profile", ["dome", "flat", "soft"])
def test_the_support_is_brighter_and_particles_may_lie_on_it_alone(profile):
    support = fix(Support(count=6, grey=0.5, texture=0, profile=profile), np.random.default_rng(0))
    image, places = support.apply(GREY, 12.0, np.random.default_rng(0))
    assert places is not None
    assert 0.02 < places.mean() < 0.98
    assert image[places].min() > image[~places].max() - 1e-6
    assert (image - GREY).max() <= 0.5 * 1.6 + 1e-5


def test_without_pieces_nothing_changes():
    image, places = fix(Support(), np.random.default_rng(0)).apply(GREY, 12.0, np.random.default_rng(0))
    assert image is GREY
    assert places is None


def test_centres_keep_to_their_places():
    places = np.zeros((100, 100), bool)
    places[20:40, 50:70] = True
    disc = (np.hypot(*np.indices((9, 9)) - 4.0) <= 4).astype(np.float32)
    scene = Scene(np.zeros((100, 100), np.float32), 12, Crowding(0.5, 0.0, True, 0.4), places)
    rng = np.random.default_rng(0)
    for _ in range(8):
        stamp = Stamp(disc, disc)
        if (place := scene.place(stamp, rng, exhaustive=False)) is not None:
            scene.paste(stamp, place)
    assert len(scene.centres) >= 3
    assert all(places[round(y), round(x)] for y, x in scene.centres)


def test_a_peak_is_highest_in_the_middle_and_faint_at_the_outline():
    profile = Peak(sigma=0.5).profiles(np.random.default_rng(0), 1)[0]
    assert (np.diff(profile) > 0).all()
    assert profile[-1] == pytest.approx(1)
    assert profile[0] == pytest.approx(np.exp(-2))


PLAIN = Shapes(height_px=128, width_px=128, lettering=0, buried=0)


def test_small_particles_can_be_left_unlabelled():
    small = PLAIN.first.replace(diameter_px=3, gsd=1, least_width_px=0)
    tiny = PLAIN.replace(first=small, second_share=0, coverage=0.1, labelled_from_px=4)
    sample = make_sample(tiny, None, 0, 0)
    assert not sample.labels.any()
    assert len(sample.truth) == 0
    assert make_sample(tiny.replace(labelled_from_px=0), None, 0, 0).labels.any()


def test_an_empty_image_has_no_particles():
    assert not any(make_sample(PLAIN.replace(coverage=0), None, 0, i).labels.any() for i in range(6))


def test_lower_layers_are_fainter():
    disc = PLAIN.first.replace(
        diameter_px=20,
        gsd=1,
        contrast=0.5,
        contrast_spread=0,
        shadings=({"kind": "flat"},),
        halo=0,
        mottle=0,
        lit=0,
        facets=0,
    )
    still = dict.fromkeys(("texture", "stripes", "slope", "film"), 0)
    layered = PLAIN.replace(
        first=disc, second_share=0, coverage=0.5, overlap=0, lattice=0, transparency=0, level=0.2, lower_layers=1
    )
    layered = layered.replace(
        background={name: {"amplitude": value} for name, value in still.items()} | {"blots": {"count": 0}}
    )
    sample = make_sample(layered, None, 0, 0)
    means = [sample.micrograph.pixels[sample.labels == label].mean() for label in sample.truth["label"]]
    assert len(means) > 8
    assert np.corrcoef(np.arange(len(means)), means)[0, 1] > 0.9
