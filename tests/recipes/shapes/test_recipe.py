from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.draws import fix
from particleforge.plain_data import read_yaml
from particleforge.recipes.imaging.charging import Charging
from particleforge.recipes.imaging.imaging import Imaging
from particleforge.recipes.imaging.jpeg import Jpeg
from particleforge.recipes.imaging.optics import Optics
from particleforge.recipes.imaging.read import Read
from particleforge.recipes.imaging.scan import Scan
from particleforge.recipes.imaging.shot import Shot
from particleforge.recipes.imaging.tone import Tone
from particleforge.recipes.recipe import Drawn, make_sample
from particleforge.recipes.shapes.background.background import Background
from particleforge.recipes.shapes.background.blots import Blots
from particleforge.recipes.shapes.background.film import Film
from particleforge.recipes.shapes.background.slope import Slope
from particleforge.recipes.shapes.background.stripes import Stripes
from particleforge.recipes.shapes.background.texture import Texture
from particleforge.recipes.shapes.outlines.superellipse import Superellipse
from particleforge.recipes.shapes.population import Population
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.recipes.shapes.shading.dome import Dome
from particleforge.recipes.shapes.shading.flat import Flat
from particleforge.recipes.shapes.shading.rim import Rim
from particleforge.recipes.shapes.shading.shell import Shell

STILL_BEHIND = Background(
    slope=Slope(amplitude=0),
    texture=Texture(amplitude=0),
    stripes=Stripes(amplitude=0),
    blots=Blots(count=0),
    film=Film(amplitude=0),
)
STILL_IMAGING = Imaging(
    charging=Charging(glow=0, streaks=0),
    optics=Optics(sigma_px=0),
    shot=Shot(at_white=0),
    read=Read(sd=0),
    scan=Scan(brightness=0, jitter_px=0),
    tone=Tone(dark=0, bright=1, gamma=1),
    jpeg=Jpeg(loss=0),
)
DISCS = Population(
    outlines=(Superellipse(aspect=1),),
    diameter_px=20,
    gsd=1,
    contrast=0.5,
    contrast_spread=0,
    shadings=(Flat(),),
    lit=0,
    facets=0,
    mottle=0,
    softness_px=1,
    halo=0,
)
PLAIN = Shapes(
    first=DISCS,
    second_share=0,
    overlap=0,
    transparency=0,
    buried=0,
    lattice=0,
    lettering=0,
    level=0.2,
    coverage=0.2,
    clustering=0,
    background=STILL_BEHIND,
    imaging=STILL_IMAGING,
)


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_any_sample_holds_together(index):
    sample = make_sample(Shapes(height_px=96, width_px=128), None, 1, index)
    pixels, truth = sample.micrograph.pixels, sample.truth
    assert pixels.shape == sample.labels.shape == (96, 128)
    assert pixels.dtype == np.uint8
    assert set(truth["label"]) == set(np.unique(sample.labels)) - {0}
    assert (truth["diameter_px"] > 0).all()
    assert (truth["feret_max_px"] >= truth["feret_min_px"]).all()
    assert sample.known is None or not sample.known.all()


def test_a_sample_depends_on_seed_and_index_alone():
    one, again, other = (make_sample(Shapes(), None, 3, i) for i in (5, 5, 6))
    np.testing.assert_array_equal(one.micrograph.pixels, again.micrograph.pixels)
    np.testing.assert_array_equal(one.labels, again.labels)
    assert one.recipe == again.recipe
    assert (one.micrograph.pixels != other.micrograph.pixels).any()


def test_a_fixed_recipe_is_kept_with_the_sample_and_is_a_recipe_again():
    sample = make_sample(Shapes(), None, 0, 2)
    fixed = Shapes.parse(sample.recipe)
    assert fix(fixed, np.random.default_rng(0)) == fixed
    assert len(fixed.first.outlines) == 1


def test_discs_have_the_diameter_and_the_grey_they_should():
    sample = make_sample(PLAIN, None, 0, 0)
    areas = np.bincount(sample.labels.ravel())
    whole = sample.truth[sample.truth["visible_fraction"] > 0.999]["label"]
    assert len(whole) > 20
    np.testing.assert_allclose(np.sqrt(4 * areas[whole] / np.pi), 20, rtol=0.02)
    np.testing.assert_allclose(sample.truth["feret_max_px"], 20, rtol=0.01)
    pixels = sample.micrograph.pixels
    assert pixels[sample.labels == 0].min() == 0
    assert pixels[sample.labels > 0].max() == 255
    assert (sample.labels > 0).mean() == pytest.approx(0.2, abs=0.05)


def test_particles_do_not_overlap_unless_asked_to():
    shown = make_sample(PLAIN.replace(coverage=0.7), None, 0, 1).truth["visible_fraction"]
    assert (shown > 0.33).all()
    covered = make_sample(PLAIN.replace(coverage=0.9, overlap=0.6), None, 0, 1)
    assert covered.truth["visible_fraction"].between(0.34, 0.99).sum() > 10


def test_what_overlaps_in_transmission_adds_up():
    clear = PLAIN.replace(coverage=0.9, overlap=0.6, transparency=1, first=DISCS.replace(contrast=-0.2), level=0.9)
    sample = make_sample(clear, None, 0, 1)
    greys = np.bincount(sample.micrograph.pixels.ravel(), minlength=256)
    common = np.flatnonzero(greys > 200)
    assert len(common) >= 3  # background, one particle, two above each other


def test_a_lattice_has_its_pitch():
    layer = PLAIN.replace(lattice=1.2, coverage=0.9)
    truth = make_sample(layer, None, 0, 3).truth
    places = truth[["y_px", "x_px"]].to_numpy()[truth["visible_fraction"] > 0.99]
    away = np.hypot(*np.moveaxis(places[:, None] - places, -1, 0))
    np.fill_diagonal(away, np.inf)
    assert np.median(away.min(1)) == pytest.approx(24, rel=0.08)


def test_chains_grow_from_the_last_particle():
    loose = PLAIN.replace(coverage=0.1)
    chained = make_sample(loose.replace(clustering=1, chains=1), None, 0, 0).truth[["y_px", "x_px"]].to_numpy()
    steps = np.hypot(*np.diff(chained, axis=0).T)
    assert np.median(steps) < 23


def test_letters_are_no_particles_and_what_they_hide_is_not_known():
    sample = make_sample(PLAIN.replace(lettering=3, coverage=0.5), None, 0, 0)
    assert sample.known is not None
    assert not sample.known.all()
    plain = make_sample(PLAIN.replace(coverage=0.5), None, 0, 0)
    assert (sample.micrograph.pixels != plain.micrograph.pixels).any()
    assert set(np.unique(sample.labels)) <= set(np.unique(plain.labels))


@pytest.mark.parametrize("kind", [Flat, Dome, Rim, Shell])
def test_profiles_go_from_the_outline_to_the_middle(kind):
    shading = fix(kind(), np.random.default_rng(0))
    profiles = shading.profiles(np.random.default_rng(0), 4)
    assert profiles.shape == (4, 32)
    assert np.isfinite(profiles).all()


def test_shadings_are_what_they_are_called():
    rng = np.random.default_rng(0)
    dome, rim = Dome(edge=0.3).profiles(rng, 1)[0], Rim(middle=0.1, width=0.2).profiles(rng, 1)[0]
    assert (np.diff(dome) > 0).all()
    assert dome[[0, -1]] == pytest.approx([0.3, 1])
    assert (np.diff(rim) < 0).all()
    assert rim[0] == pytest.approx(1)
    shell = Shell(thickness=0.5, shell=1, core=0.2, softness=0.05).profiles(rng, 1)[0]
    assert shell[[0, -1]] == pytest.approx([1, 0.2])


GREY = np.full((200, 200), 0.5, np.float32)


def test_stages_without_strength_change_nothing():
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(STILL_BEHIND.apply(GREY.copy(), rng), GREY)
    no_tone = [STILL_IMAGING.charging, STILL_IMAGING.optics, STILL_IMAGING.shot, STILL_IMAGING.read]
    for stage in [*no_tone, STILL_IMAGING.scan, STILL_IMAGING.jpeg]:
        np.testing.assert_array_equal(stage.apply(GREY.copy(), rng), GREY)


@pytest.mark.parametrize(
    ("stage", "sd"),
    [
        (Texture(amplitude=0.05, coarsest_px=8, range=2), 0.05),
        (Read(sd=0.03, grain_px=0), 0.03),
        (Read(sd=0.03, grain_px=1.5), 0.03),
        (Shot(at_white=0.1), 0.1 * np.sqrt(0.5)),
        (Scan(brightness=0.04, jitter_px=0), 0.04),
    ],
)
def test_noise_has_the_strength_that_is_asked_for(stage, sd):
    assert stage.apply(GREY.copy(), np.random.default_rng(0)).std() == pytest.approx(sd, rel=0.15)


def test_tone_stretches_to_the_greys_asked_for():
    image = np.linspace(0.3, 0.4, 40_000, dtype=np.float32).reshape(200, 200)
    toned = Tone(dark=0.2, bright=0.8, gamma=1).apply(image, np.random.default_rng(0))
    assert toned.min() == pytest.approx(0.2, abs=0.01)
    assert toned.max() == pytest.approx(0.8, abs=0.01)


def test_default_values_are_far_apart():
    means = [make_sample(Shapes(height_px=64, width_px=64), None, 0, i).micrograph.pixels.mean() for i in range(20)]
    assert np.std(means) > 20


def test_the_recipe_of_the_base_detector_is_valid():
    data = read_yaml(Path(__file__).parents[3] / "src/particleforge/models/stardist/base/recipe.yaml")
    assert make_sample(Shapes.parse(data), None, 0, 0).labels.any()


def test_samples_drawn_on_demand_are_those_of_the_seed():
    recipe = Shapes(height_px=64, width_px=64)
    drawn = Drawn(recipe, None, 4, 3)
    assert len(drawn) == 3
    for sample, index in ((drawn[2], 2), (drawn[-3], 0), (drawn[:2][1], 1)):
        np.testing.assert_array_equal(sample.micrograph.pixels, make_sample(recipe, None, 4, index).micrograph.pixels)
    with pytest.raises(IndexError):
        drawn[3]
