import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.models.patches import Patch
from particleforge.models.rods.decode import decode
from particleforge.models.rods.geometry import RodArcs
from particleforge.models.rods.network import SCALES
from particleforge.models.rods.targets import describe, rods_at, targets
from particleforge.recipes.recipe import Drawn
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.sample import Sample


def patch_of(rods: RodArcs, shape: tuple[int, int] = (128, 128)) -> Patch:
    from skimage.draw import polygon

    labels = np.zeros(shape, np.uint32)
    outlines = {}
    for label, corners in enumerate(rods.corners(), start=1):
        labels[polygon(*corners.T, shape)] = label
        outlines[label] = corners
    return Patch(labels.astype(np.float32), labels, None, outlines)


def decoded(patch: Patch):
    goal = targets(patch, (2, 2))
    on = goal.prob > 0.3
    rod = (goal.rod * np.array(SCALES)[:, None, None])[:, on].T
    return decode(goal.prob[on], rod, np.argwhere(on) * 2.0, 0.5)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_a_description_gives_the_rod_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    half_lengths = rng.uniform(5, 50, 20)
    rods = RodArcs(
        rng.uniform(0, 90, (20, 2)), half_lengths, rng.uniform(-1.5, 1.5, 20), half_lengths / 8, rng.uniform(1, 8, 20)
    )
    points = rng.uniform(0, 90, (20, 2))
    back = rods_at(points, describe(rods, points))
    for name in ("middles", "half_lengths", "angles", "bows", "half_widths"):
        np.testing.assert_allclose(getattr(back, name), getattr(rods, name), atol=1e-9)


@pytest.mark.parametrize("angle_deg", [20, 40, 60, 90])
def test_crossing_rods_come_out_whole(angle_deg: float) -> None:
    angles = np.deg2rad([10, 10 + angle_deg])
    crossing = RodArcs(np.full((2, 2), 64.0), np.full(2, 45.0), angles, np.zeros(2), np.full(2, 4.0))
    found = decoded(patch_of(crossing)).rods
    assert len(found) == 2
    order = np.argsort(np.mod(found.angles, np.pi))
    np.testing.assert_allclose(found.half_lengths, 45, rtol=0.05)
    np.testing.assert_allclose(np.mod(found.angles, np.pi)[order], angles, atol=0.03)
    np.testing.assert_allclose(found.middles, 64, atol=1.5)


@pytest.mark.parametrize("apart_px", [9, 12])
def test_parallel_rods_stay_apart(apart_px: float) -> None:
    middles = np.array([(60.0, 64.0), (60.0 + apart_px, 70.0)])
    rods = RodArcs(middles, np.full(2, 40.0), np.full(2, 0.02), np.zeros(2), np.full(2, 4.0))
    found = decoded(patch_of(rods)).rods
    assert sorted(np.round(found.middles[:, 0])) == pytest.approx([60, 60 + apart_px], abs=1)


def test_one_behind_the_other_are_two() -> None:
    rods = RodArcs(np.array([(64.0, 30.0), (64.0, 92.0)]), np.full(2, 29.0), np.zeros(2), np.zeros(2), np.full(2, 4.0))
    assert sorted(np.round(decoded(patch_of(rods)).rods.middles[:, 1])) == pytest.approx([30, 92], abs=1)


@pytest.mark.slow
def test_drawn_rods_are_found_in_their_targets() -> None:
    from skimage.draw import polygon

    population = {
        "diameter_px": "uniform(20, 34)",
        "gsd": 1.1,
        "outlines": [{"kind": "rod", "aspect": "uniform(6, 20)", "bend_deg": "uniform(-45, 45)"}],
    }
    recipe = Shapes.parse(
        {"first": population, "second_share": 0, "coverage": 0.3, "overlap": 0.9, "min_visible": 0.3, "lattice": 0}
    )
    hits = found = true = 0
    samples: list[Sample] = list(Drawn(recipe, None, 1, 6))
    for sample in samples:
        outlines = {one.label: one.points_px for one in sample.outlines or ()}
        corners = decoded(Patch(sample.micrograph.grey, sample.labels, sample.known, outlines)).rods.corners()
        drawn = [outlines[int(label)] for label in np.unique(sample.labels[sample.labels > 0])]
        masks = [np.zeros((2, *sample.labels.shape), bool) for _ in drawn]
        for mask, one in zip(masks, drawn, strict=True):
            mask[0][polygon(*one.T, mask[0].shape)] = True
        rods = np.zeros((len(corners), *sample.labels.shape), bool)
        for mask, one in zip(rods, corners, strict=True):
            mask[polygon(*one.T, mask.shape)] = True
        iou = [[(m[0] & r).sum() / max(1, (m[0] | r).sum()) for r in rods] for m in masks]
        hits += sum(max(row) >= 0.5 for row in iou)
        found, true = found + len(rods), true + len(drawn)
    assert 2 * hits / (found + true) > 0.95


def test_labels_alone_teach_what_is_visible() -> None:
    rods = RodArcs(np.array([(40.0, 60.0), (90.0, 60.0)]), np.full(2, 40.0), np.zeros(2), np.zeros(2), np.full(2, 5.0))
    drawn = patch_of(rods)
    whole, visible = (targets(one, (2, 2)) for one in (drawn, Patch(drawn.image, drawn.labels, None)))
    np.testing.assert_allclose(visible.prob, whole.prob, atol=0.2)
    np.testing.assert_allclose(visible.rod, whole.rod, atol=0.25)  # half a pixel wider


def test_nothing_is_learned_from_unknown_ground() -> None:
    drawn = patch_of(RodArcs(np.array([(40.0, 60.0)]), np.full(1, 40.0), np.zeros(1), np.zeros(1), np.full(1, 5.0)))
    known = np.zeros(drawn.labels.shape, bool)
    known[:, 64:] = True
    weight = targets(Patch(drawn.image, drawn.labels, known, drawn.outlines), (2, 2)).weight
    assert weight[:, :32].sum() == 0 and weight[:, 32:].all()
