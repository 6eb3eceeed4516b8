"""Whole outlines that recipes give with their samples: painted in order, they are the labels."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import polygon

from particleforge.draws import Uniform
from particleforge.micrograph import Micrograph
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.mix.recipe import Mix
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.recipes.warp.deformations.grid import GridWarp
from particleforge.recipes.warp.deformations.piecewise_affine import PiecewiseAffine
from particleforge.recipes.warp.deformations.scale import RandomScale
from particleforge.recipes.warp.recipe import Warp
from particleforge.sample import Sample

SHAPES = Shapes(height_px=128, width_px=128, overlap=0.6, coverage=0.9, lettering=0)


def cut_from():
    rows, columns = np.indices((96, 96))
    labels = np.zeros(rows.shape, np.uint32)
    for label, (y, x, r, squash) in enumerate([(25, 25, 9, 1), (30, 70, 12, 0.6), (70, 50, 7, 1.7)], 1):
        labels[np.hypot(rows - y, (columns - x) / squash) <= r] = label
    return Sample(Micrograph((60 + 100 * (labels > 0)).astype(np.uint8), name="one"), labels)


def samples_of(recipe, sources=(), count=6):
    prepared = recipe.prepare(list(sources))
    samples = [make_sample(recipe, prepared, 3, i) for i in range(count)]
    for sample in samples:
        recipe.sample_schema(prepared).check(sample)
    return samples


def painted(sample, order=None):
    labels = np.zeros_like(sample.labels)
    for one in sample.outlines if order is None else [sample.outlines[i] for i in order]:
        labels[polygon(*one.points_px.T, labels.shape)] = one.label
    return labels


def check_visible(sample, tolerance):
    """The visible fraction is the labelled area over that of the whole outline, also beyond the image."""
    seen = np.bincount(sample.labels.ravel(), minlength=max((one.label for one in sample.outlines), default=0) + 1)
    for one in sample.outlines:
        whole = len(polygon(*(one.points_px + 1000).T)[0])
        if whole > 60:
            assert seen[one.label] / whole == pytest.approx(one.visible_fraction, abs=tolerance)


def test_outlines_of_drawn_particles_are_what_was_painted():
    for sample in samples_of(SHAPES):
        np.testing.assert_array_equal(painted(sample), sample.labels)
        check_visible(sample, 1e-9)
        assert [one.label for one in sample.outlines] == sample.truth["label"].tolist()
        np.testing.assert_array_equal(
            [one.visible_fraction for one in sample.outlines], sample.truth["visible_fraction"]
        )


def test_particles_without_a_label_have_no_outline():
    everything, large = (samples_of(SHAPES.replace(labelled_from_px=px), count=1)[0] for px in (0, 12))
    names = [set(sample.truth["label"]) for sample in (everything, large)]
    assert names[0] > names[1] > set()
    assert {one.label for one in large.outlines} == names[1]


def test_outlines_of_cut_particles_follow_their_pixels():
    recipe = CutPaste(particles=25, overlap=0.5, height_px=150, width_px=160, scale=Uniform(low=0.6, high=2))
    for sample in samples_of(recipe, [cut_from()]):
        wrong = painted(sample) != sample.labels
        edges = ndimage.maximum_filter(sample.labels, 3) != ndimage.minimum_filter(sample.labels, 3)
        assert (wrong & ~edges).sum() < 5  # what two edges leave free between them
        assert wrong.sum() < 0.02 * (sample.labels > 0).sum()
        check_visible(sample, 0.05)


def test_outlines_of_spheres_in_an_aggregate():
    for sample in samples_of(Aggregate(height_px=200, width_px=200), count=3):
        order = np.argsort(-sample.truth["rank"].to_numpy(), kind="stable")
        wrong = painted(sample, order) != sample.labels
        assert wrong.sum() < 0.01 * (sample.labels > 0).sum()
        check_visible(sample, 0.05)
        assert len(sample.outlines) == len(sample.truth)
        assert min(one.visible_fraction for one in sample.outlines) < 0.5


@pytest.mark.parametrize(
    "deformation",
    [GridWarp(), PiecewiseAffine(), RandomScale(scale=0.6), RandomScale(scale=1.5, stretch=1.3)],
    ids=("grid", "piecewise_affine", "smaller", "larger"),
)
def test_a_warp_moves_outlines_with_the_labels(deformation):
    sources = [make_sample(SHAPES.replace(overlap=0.3, coverage=0.4), None, 5, i) for i in range(2)]
    for sample in samples_of(Warp(deformation=deformation), sources, 4):
        labels = painted(sample)
        both = (labels == sample.labels) & (labels > 0)
        assert both.sum() > 0.9 * (sample.labels > 0).sum()
        edges = ndimage.maximum_filter(sample.labels, 5) != ndimage.minimum_filter(sample.labels, 5)
        assert not ((labels != sample.labels) & ~edges).any()
        fractions = {one.label: one.visible_fraction for one in sample.outlines}
        table = sample.truth.set_index("label")["visible_fraction"]
        for label in set(fractions) & set(table.index):
            assert fractions[label] == pytest.approx(table[label])


def test_a_warp_of_measured_images_gives_no_outlines():
    plain, drawn = cut_from(), make_sample(SHAPES, None, 5, 0)
    assert all(sample.outlines is None for sample in samples_of(Warp(), [plain, drawn]))


def test_a_mix_keeps_outlines_that_all_recipes_give():
    both = samples_of(Mix(recipes=(SHAPES, SHAPES.replace(overlap=0)), shares=(1, 1)), [cut_from()])
    assert all(sample.outlines is not None for sample in both)
    warped = Warp(deformation=RandomScale(scale=1))
    some = samples_of(Mix(recipes=(SHAPES.replace(height_px=96, width_px=96), warped), shares=(1, 1)), [cut_from()])
    assert all(sample.outlines is None for sample in some)
    assert {sample.recipe["kind"] for sample in some} == {"shapes", "warp"}
