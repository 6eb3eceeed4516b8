import pickle

import numpy as np
import pytest
from scipy import ndimage

from particleforge.errors import UserError
from particleforge.measurement.particles import measure_particles
from particleforge.micrograph import Micrograph
from particleforge.recipes.cutpaste.canvases.flat import Flat
from particleforge.recipes.cutpaste.cutouts import CutoutRule
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.recipe import make_sample
from particleforge.sample import Sample

ROWS, COLUMNS = np.indices((96, 128))


def source(dtype=np.uint8, partly=False, size=None, name="one", factor=1):
    labels = np.zeros(ROWS.shape, np.uint32)
    for label, (y, x, r, squash) in enumerate([(25, 25, 9, 1), (30, 80, 12, 0.6), (70, 50, 7, 1), (72, 100, 10, 1.3)]):
        labels[np.hypot(ROWS - y, (COLUMNS - x) / squash) <= r] = label + 1
    grey = np.random.default_rng(0).normal(60, 4, ROWS.shape) + 100 * (labels > 0)
    pixels = (factor * np.clip(grey, 0, 255)).astype(dtype)
    known = (labels > 0) | (COLUMNS > 60) & (np.abs(ROWS - 50) < 9) if partly else None
    return Sample(Micrograph(pixels, size, name=name), labels, known)


def made(recipe, sources=None, count=4, seed=0):
    prepared = recipe.prepare(sources or [source()])
    return [make_sample(recipe, prepared, seed, i) for i in range(count)]


@pytest.mark.parametrize("overlap", [0, 0.3])
@pytest.mark.parametrize("clustering", [0, 1])
@pytest.mark.parametrize("cut_by_border", [True, False])
def test_what_was_asked_for_is_in_labels_and_truth(overlap, clustering, cut_by_border):
    recipe = CutPaste(
        particles=25, overlap=overlap, clustering=clustering, cut_by_border=cut_by_border, height_px=200, width_px=220
    )
    for sample in made(recipe):
        areas = np.bincount(sample.labels.ravel())[1:]
        assert len(areas) == len(sample.truth) == 25
        assert (areas > 0).all()
        assert sample.truth["label"].tolist() == list(range(1, 26))
        full = np.pi / 4 * sample.truth["diameter_px"] ** 2
        np.testing.assert_allclose(sample.truth["visible_fraction"], areas / full, rtol=1e-6)
        assert sample.truth["visible_fraction"].between(0.34, 1 + 1e-9).all()
        if not overlap and not cut_by_border:
            np.testing.assert_allclose(sample.truth["visible_fraction"], 1, rtol=1e-6)
        assert sample.labels.dtype == np.uint32
        assert sample.known is None


def test_the_truth_is_what_a_measurement_finds():
    recipe = CutPaste(particles=20, overlap=0, cut_by_border=False, height_px=220, width_px=220)
    for sample in made(recipe, [source(size=(0.5, 0.5))]):
        found = measure_particles(sample.labels, pixel_size_nm=0.5)
        truth = sample.truth
        np.testing.assert_allclose(truth["diameter_px"], found["ecd_px"], rtol=1e-6)
        np.testing.assert_allclose(truth["diameter_nm"], 0.5 * truth["diameter_px"])
        np.testing.assert_allclose(truth["feret_max_px"], found["feret_max_px"], rtol=0.12)
        assert np.mean(truth["feret_max_px"] / found["feret_max_px"]) == pytest.approx(1, abs=0.06)
        assert np.mean(truth["feret_min_px"] / found["feret_min_px"]) == pytest.approx(1, abs=0.06)
        np.testing.assert_allclose(truth["feret_min_px"], found["feret_min_px"], rtol=0.12)
        np.testing.assert_allclose(truth[["y_px", "x_px"]], found[["y_px", "x_px"]], atol=1.0)
        np.testing.assert_allclose(truth[["y_nm", "x_nm"]], 0.5 * truth[["y_px", "x_px"]])
        assert sample.micrograph.pixel_size_nm == (0.5, 0.5)
        assert set(truth["source"]) <= {f"one#{i}" for i in range(1, 5)}
        assert truth["scale"].between(0.8, 1.25).all()


def test_without_a_pixel_size_there_is_no_nm():
    (sample,) = made(CutPaste(particles=3), count=1)
    assert not [name for name in sample.truth if name.endswith("_nm")]
    assert sample.micrograph.pixel_size_nm is None


def test_particles_look_like_particles():
    recipe = CutPaste(particles=20, grey_gain=1, blur_sigma_px=0, overlap=0, height_px=220, width_px=220)
    for sample in made(recipe):
        core = ndimage.minimum_filter(sample.labels > 0, 3)
        far = ~ndimage.maximum_filter(sample.labels > 0, 7)
        assert sample.micrograph.grey[core].mean() == pytest.approx(160, abs=3)
        assert sample.micrograph.grey[far].mean() == pytest.approx(60, abs=3)


@pytest.mark.parametrize(("dtype", "factor"), [(np.uint8, 1), (np.uint16, 250), (np.int16, 100), (np.float32, 0.01)])
def test_the_type_of_the_images_stays(dtype, factor):
    recipe = CutPaste(particles=5)
    sources = [source(dtype, factor=factor)]
    assert recipe.frame(recipe.prepare(sources)) == ((96, 128), dtype)
    (sample,) = made(recipe, sources, count=1)
    assert sample.micrograph.pixels.dtype == dtype
    assert np.median(sample.micrograph.pixels) == pytest.approx(60 * factor, rel=0.1)


def test_bright_grey_never_wraps():
    bright = source(np.uint8, factor=1.55)
    for sample in made(CutPaste(particles=10, grey_gain=1.5, noise=0.3), [bright]):
        assert np.mean(sample.micrograph.pixels[sample.labels > 0]) > 200


def test_types_that_differ_become_float():
    recipe = CutPaste(particles=5)
    assert recipe.prepare([source(), source(np.uint16, name="two")]).dtype == np.float32


def test_samples_depend_on_seed_and_index_only():
    recipe = CutPaste(particles="uniform(3, 12)", noise=0.02, salt_pepper=0.01)
    prepared = pickle.loads(pickle.dumps(recipe.prepare([source()])))
    later = make_sample(recipe, prepared, 5, 3)
    make_sample(recipe, prepared, 5, 4)
    for again in (make_sample(recipe, prepared, 5, 3), made(recipe, seed=5)[3]):
        assert again.micrograph.pixels.tobytes() == later.micrograph.pixels.tobytes()
        assert again.labels.tobytes() == later.labels.tobytes()
        assert again.truth.equals(later.truth)
        assert again.recipe == later.recipe
    others = [*made(recipe, seed=5)[:3], *made(recipe, seed=6)]
    assert all(other.micrograph.pixels.tobytes() != later.micrograph.pixels.tobytes() for other in others)


def test_the_recipe_of_a_sample_is_fixed_and_gives_its_count():
    recipe = CutPaste(particles="uniform(3, 12)", overlap="uniform(0, 0.5)")
    for sample in made(recipe):
        fixed = CutPaste.parse(sample.recipe)
        assert isinstance(fixed.particles, float)
        assert isinstance(fixed.overlap, float)
        assert round(fixed.particles) == len(sample.truth)
        assert fixed.scale == recipe.scale


@pytest.mark.slow
def test_more_than_65535_particles_keep_their_ids():
    labels = np.zeros((40, 40), np.uint32)
    labels[10:12, 10:12] = 1
    labels[25:27, 20:22] = 2
    tiny = Sample(Micrograph((50 + 100 * (labels > 0)).astype(np.uint8), name="tiny"), labels)
    recipe = CutPaste(
        particles=66_000, height_px=1400, width_px=1400, scale=1, angle_deg=0, overlap=0, clustering=0, canvas=Flat(),
        cutouts=CutoutRule(min_area_px=1, feather_px=0), blur_sigma_px=0,
    )  # fmt: skip
    (sample,) = made(recipe, [tiny], count=1)
    assert sample.labels.max() == 66_000
    assert np.count_nonzero(np.bincount(sample.labels.ravel())) == 66_001
    assert len(sample.truth) == 66_000


def test_more_than_fit_are_refused_with_numbers():
    recipe = CutPaste(particles=500, overlap=0, scale=1)
    with pytest.raises(UserError, match=r"500 particles do not fit into 96 x 128 px: only \d+ did"):
        made(recipe, count=1)


def test_a_count_of_its_own_is_as_dense_as_the_source():
    counts = [len(sample.truth) for sample in made(CutPaste(height_px=192, width_px=256), count=12)]
    assert 8 <= min(counts)
    assert max(counts) <= 24
    assert len(set(counts)) > 3
    for sample in made(CutPaste(), [source(partly=True)], count=12):
        assert 0.02 < (sample.labels > 0).mean() < 0.75


def test_none_is_a_count_too():
    for sample in made(CutPaste(particles=0)):
        assert not sample.labels.any()
        assert len(sample.truth) == 0


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_salt_and_pepper_hit_their_share(share):
    recipe = CutPaste(particles=0, canvas=Flat(), lettering=0, blur_sigma_px=0, salt_pepper=share)
    pixels = np.stack([sample.micrograph.pixels for sample in made(recipe, count=6)])
    extreme = (pixels == pixels.min()) | (pixels == pixels.max())
    assert extreme.mean() == pytest.approx(share, rel=0.05)
    assert (pixels == pixels.max()).mean() == pytest.approx(share / 2, rel=0.05)


def test_noise_is_a_share_of_the_grey_range():
    recipe = CutPaste(particles=0, canvas=Flat(), lettering=0, blur_sigma_px=0, noise=0.1)
    prepared = recipe.prepare([source(np.float32)])
    low, high = prepared.homes[0].grey_range
    sample = make_sample(recipe, prepared, 0, 0)
    assert sample.micrograph.pixels.std() == pytest.approx(0.1 * (high - low), rel=0.03)


def test_blur_softens_image_but_not_labels():
    sharp, soft = (
        made(CutPaste(particles=8, blur_sigma_px=b, canvas=Flat(), lettering=0), [source(np.float32)], count=1)[0]
        for b in (0, 3)
    )
    np.testing.assert_array_equal(sharp.labels, soft.labels)
    np.testing.assert_allclose(
        soft.micrograph.pixels, ndimage.gaussian_filter(sharp.micrograph.pixels, 3, mode="nearest"), atol=1e-2
    )


def touching(labels):
    pairs = set()
    for one, other in ((labels[:-1], labels[1:]), (labels[:, :-1], labels[:, 1:]), (labels[:-1, :-1], labels[1:, 1:])):
        met = (one != other) & (one > 0) & (other > 0)
        pairs |= {tuple(sorted(pair)) for pair in zip(one[met].tolist(), other[met].tolist(), strict=True)}
    return pairs


def test_clustering_makes_particles_touch():
    def count(clustering):
        recipe = CutPaste(particles=15, overlap=0, clustering=clustering, height_px=300, width_px=300)
        return sum(len(touching(sample.labels)) for sample in made(recipe))

    assert count(0) < 8
    assert count(1) > 40


def test_sources_stay_apart_unless_they_are_mixed():
    two = [source(name="one"), source(np.uint8, name="two")]
    for sample in made(CutPaste(particles=10), two, count=8):
        assert len({name.partition("#")[0] for name in sample.truth["source"]}) == 1
    mixed = made(CutPaste(particles=10, mix_sources=True), two, count=8)
    assert any(len({name.partition("#")[0] for name in sample.truth["source"]}) == 2 for sample in mixed)


def test_sources_are_not_changed():
    one = source()
    before = one.micrograph.pixels.tobytes(), one.labels.tobytes()
    made(CutPaste(particles=10), [one])
    assert (one.micrograph.pixels.tobytes(), one.labels.tobytes()) == before


def test_a_single_particle_and_partly_annotated_images_work():
    one = source(partly=True)
    labels = np.where(one.labels == 2, one.labels, 0).astype(np.uint32)
    single = Sample(one.micrograph, labels, (labels > 0) | (one.background))
    for sample in made(CutPaste(particles=6), [single]):
        assert len(sample.truth) == 6
        assert set(sample.truth["source"]) == {"one#2"}


def test_no_source_and_no_background_are_refused():
    with pytest.raises(UserError, match="none was given"):
        CutPaste().prepare([])
    one = source()
    bare = Sample(one.micrograph, one.labels, one.labels > 0)
    with pytest.raises(UserError, match="sure background"):
        CutPaste().prepare([bare])
    assert len(CutPaste().prepare([bare, source(name="two")]).homes) == 1
