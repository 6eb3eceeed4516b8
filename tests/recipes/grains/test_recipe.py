import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from particleforge.errors import UserError
from particleforge.recipes.clutter.scratches import Scratches
from particleforge.recipes.grains.boundary import Boundary, _covered
from particleforge.recipes.grains.edges.splines import Splines
from particleforge.recipes.grains.edges.wavy import Wavy
from particleforge.recipes.grains.greys import Greys
from particleforge.recipes.grains.recipe import Grains
from particleforge.recipes.grains.second_phase import SecondPhase
from particleforge.recipes.grains.twins import Twins
from particleforge.recipes.imaging.charging import Charging
from particleforge.recipes.imaging.imaging import Imaging
from particleforge.recipes.imaging.jpeg import Jpeg
from particleforge.recipes.imaging.optics import Optics
from particleforge.recipes.imaging.read import Read
from particleforge.recipes.imaging.scan import Scan
from particleforge.recipes.imaging.shot import Shot
from particleforge.recipes.imaging.tone import Tone
from particleforge.recipes.recipe import make_sample

SHARP = Imaging(
    charging=Charging(glow=0, streaks=0),
    optics=Optics(sigma_px=0),
    shot=Shot(at_white=0),
    read=Read(sd=0),
    scan=Scan(brightness=0, jitter_px=0),
    tone=Tone(dark=0, bright=1, gamma=1),
    jpeg=Jpeg(loss=0),
)
PLAIN = Grains(
    height_px=128,
    width_px=160,
    diameter_px=20,
    gsd=1.3,
    edges=Wavy(amplitude=0),
    greys=Greys(level=0.8, spread=0, texture=0),
    boundary=Boundary(width_px=3, contrast=-0.6, uneven=0, missing=0),
    imaging=SHARP,
)


def draw(recipe, index=0):
    return make_sample(recipe, recipe.prepare([]), 5, index)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([Wavy(), Splines()]))
def test_any_sample_holds_together(index, edges):
    recipe = Grains(
        height_px=64, width_px=80, diameter_px="uniform(5, 90)", elongation="uniform(1, 3)", edges=edges,
        twins=Twins(share=0.5), second_phase=SecondPhase(share="uniform(0, 1)"), clutter=(Scratches(),),
    )  # fmt: skip
    sample = draw(recipe, index)
    recipe.sample_schema(None).check(sample)
    assert sample.micrograph.pixels.dtype == np.uint8
    assert set(np.unique(sample.labels)) - {0} == set(sample.truth["label"])
    np.testing.assert_array_equal(sample.labels == 0, sample.maps["boundary"])


def test_the_same_seed_gives_the_same_sample():
    assert draw(Grains(), 3).fingerprint() == draw(Grains(), 3).fingerprint() != draw(Grains(), 4).fingerprint()


def test_the_truth_is_that_of_the_labels():
    sample = draw(PLAIN.replace(boundary=Boundary(width_px=0.5, contrast=0)))
    truth, labels = sample.truth, sample.labels
    assert labels.size - 20 <= truth["area_px"].sum() <= labels.size  # without grains under the boundary
    grown = ndimage.distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    whole = labels[tuple(grown)]
    np.testing.assert_allclose(truth["area_px"], np.bincount(whole.ravel())[truth["label"]], rtol=0.03, atol=16)
    middles = np.array(ndimage.center_of_mass(whole > 0, whole, truth["label"]))
    np.testing.assert_allclose(truth[["y_px", "x_px"]], middles, atol=1.2)
    frame = {*whole[0], *whole[-1], *whole[:, 0], *whole[:, -1]}
    assert set(truth["label"][truth["cut"]]) == frame
    touching = {frozenset(pair) for a, b in ((whole[1:], whole[:-1]), (whole[:, 1:], whole[:, :-1])) for pair in zip(a.ravel(), b.ravel(), strict=True) if pair[0] != pair[1]}  # fmt: skip  # noqa: E501
    counted = np.array([sum(label in pair for pair in touching) for label in truth["label"]])
    assert np.abs(truth["neighbours"] - counted).max() <= 1
    assert truth["neighbours"][~truth["cut"]].mean() == pytest.approx(6, abs=0.5)


def test_boundaries_have_their_width_and_grey():
    sample = draw(PLAIN)
    straight = np.pi / 2 * _crossings(sample.labels)  # length of lines in a plane, from crossings of a grid
    assert sample.maps["boundary"].sum() == pytest.approx(3 * straight, rel=0.12)
    pixels = sample.micrograph.pixels
    assert np.median(pixels[sample.labels > 0]) == 255
    assert np.median(pixels[sample.maps["boundary"]]) == 0
    assert sample.targets["boundary_width_px"] == 3


def _crossings(labels):
    """Boundaries crossed along every row and column, per pixel of length and averaged, times the area."""
    grown = ndimage.distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    whole = labels[tuple(grown)]
    return ((whole[1:] != whole[:-1]).sum() + (whole[:, 1:] != whole[:, :-1]).sum()) / 2


def test_a_line_covers_its_width():
    away = np.abs(np.arange(-10, 11) + 0.3)[None].astype(np.float32)
    for width in (0.5, 1.0, 2.5, 6.0):
        assert _covered(away, np.full_like(away, width)).sum() == pytest.approx(width, abs=1e-5)


def test_missing_boundaries_stay_in_the_truth():
    whole = draw(PLAIN)
    broken = draw(PLAIN.replace(boundary=PLAIN.boundary.replace(missing=0.4)))
    np.testing.assert_array_equal(whole.labels, broken.labels)
    boundary = whole.maps["boundary"]
    assert (broken.micrograph.pixels[boundary] > 128).mean() == pytest.approx(0.4, abs=0.15)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_second_phase_has_its_share(share):
    sample = draw(
        PLAIN.replace(second_phase=SecondPhase(share=share, contrast=-0.4), boundary=Boundary(contrast=0, width_px=0.5))
    )
    second = sample.truth["class"] == "second phase"
    assert sample.truth["area_px"][second].sum() / sample.labels.size == pytest.approx(share, abs=0.05)
    if share == 0.3:
        of_second = np.isin(sample.labels, sample.truth["label"][second])
        grown = sample.labels > 0
        assert sample.micrograph.pixels[of_second].max() < sample.micrograph.pixels[grown & ~of_second].min()


def test_twins_lie_in_their_grains():
    plain, sample = draw(PLAIN), draw(PLAIN.replace(twins=Twins(share=0.6, width=0.2, contrast=0.2)))
    inside, twinned = sample.maps["twins"], sample.truth["label"][sample.truth["twins"] > 0]
    assert not plain.maps["twins"].any()
    assert 0.4 < len(twinned) / len(sample.truth) < 0.8
    assert np.isin(sample.labels[inside & (sample.labels > 0)], twinned).all()
    assert inside.any()


def test_grains_are_elongated():
    sample = draw(PLAIN.replace(elongation=3))
    whole = ~sample.truth["cut"]
    spans = [ndimage.find_objects(sample.labels)[label - 1] for label in sample.truth["label"][whole]]
    ratio = np.mean([(x.stop - x.start) / (y.stop - y.start) for y, x in spans])
    assert ratio == pytest.approx(3, rel=0.25)


def test_too_many_grains_are_refused():
    with pytest.raises(UserError, match=r"would hold about \d+ grains; 200000 can be drawn"):
        draw(PLAIN.replace(height_px=16384, width_px=16384, diameter_px=4))
