"""Which objects of several scales are taken for particles."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.models.stardist.at_scale import AtScale
from particleforge.models.stardist.contrast import Contrast
from particleforge.models.stardist.instances import Instances
from particleforge.models.stardist.overlaps import Bounds
from particleforge.models.stardist.scale_rating import stands_out, typical_contrast
from particleforge.models.stardist.scale_rules import choose, merged
from particleforge.models.stardist.stars import Stars

SHAPE = (600, 600)
LARGE = [(150.0, 150.0, 60.0), (150.0, 400.0, 55.0), (400.0, 150.0, 62.0), (400.0, 400.0, 58.0), (280.0, 280.0, 50.0)]
SMALL = [(60.0, 40.0 + 50 * i, 9.0) for i in range(8)]
Disc = tuple[float, float, float]


def at(scale: float, discs: list[Disc], contrast: float | list[float] = 0.5, prob: float = 0.8) -> AtScale:
    """Discs, from y, x and radius, as they might have been found at a scale."""
    points = np.array([disc[:2] for disc in discs], float).reshape(-1, 2)
    stars = Stars(points, np.repeat(np.array([[d[2]] for d in discs], np.float32).reshape(-1, 1), 64, axis=1))
    scores = np.full(len(discs), prob, np.float32)
    found = Instances(SHAPE, points, scores, stars, found={"working_scale": scale, "certainty": None})
    strength = np.broadcast_to(np.asarray(contrast, float), len(discs))
    return AtScale(
        scale, Bounds.of(SHAPE), found, np.full(len(discs), 0.1), np.ones(len(discs)), Contrast(strength, 0.01)
    )


def elsewhere(count: int, seed: int) -> list[Disc]:
    """Discs at places that no other seed has."""
    rng = np.random.default_rng(seed)
    return [(float(y), float(x), 8.0) for y, x in rng.uniform(20, 580, (count, 2))]


def radii(results: list[AtScale], fixed: int | None = None) -> list[float]:
    return sorted(choose(results, fixed).particles().dist.mean(1).round().tolist())


def test_what_persists_wins_over_what_each_scale_imagines() -> None:
    results = [at(0.5 * 1.41**i, LARGE if 1 <= i <= 4 else elsewhere(12, i)) for i in range(7)]
    chosen = choose(results)
    assert 1 <= chosen.best <= 4 and len(chosen.particles()) == 5
    assert chosen.agreement > 0.6 and set(chosen.needed) >= {chosen.best}


def test_small_particles_are_added_from_finer_scales() -> None:
    sizes = sorted([disc[2] for disc in LARGE + SMALL])
    results = [at(0.2, LARGE), at(0.28, LARGE), at(0.4, LARGE), at(0.57, LARGE + SMALL)]
    results += [at(scale, SMALL) for scale in (0.8, 1.13, 1.6)]
    assert radii(results, fixed=1) == sizes


def test_a_flood_of_small_objects_is_not_added() -> None:
    flood = [(20.0 + 28 * i, 20.0 + 28 * j, 5.0) for i in range(20) for j in (0, 1, 18, 19)]
    results = [at(0.2, LARGE), at(0.28, LARGE), at(0.4, LARGE), *(at(s, flood) for s in (0.57, 0.8, 1.13, 1.6))]
    assert len(radii(results, fixed=1)) == len(LARGE)


def test_objects_of_the_other_sign_and_faint_ones_are_dropped() -> None:
    strength = [0.5] * 5 + [-0.4, 0.03, math.nan]
    discs = [*LARGE, (60.0, 300.0, 20.0), (540.0, 300.0, 20.0), (300.0, 60.0, 20.0)]
    one = at(1.0, discs, strength)
    assert typical_contrast(one) == 0.5
    assert stands_out(one).tolist() == [True] * 5 + [False, False, True]


def test_large_blobs_of_background_lose_against_small_particles() -> None:
    blobs = [(200.0, 200.0, 140.0), (420.0, 420.0, 130.0)]
    results = [at(0.06 * 1.41**i, blobs, 0.02) for i in range(4)]
    results += [at(0.24 * 1.41**i, SMALL, 0.6) for i in range(4)]
    assert radii(results) == [9.0] * len(SMALL)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=6), st.integers(0, 1000))
def test_whatever_is_found_is_some_of_what_was_seen(counts: list[int], seed: int) -> None:
    results = [at(0.3 * 1.41**i, elsewhere(count, seed + i)) for i, count in enumerate(counts)]
    chosen = choose(results)
    seen = {tuple(point) for result in results for point in result.found.points.tolist()}
    found = chosen.particles()
    assert {tuple(point) for point in found.points.tolist()} <= seen
    assert 0 <= chosen.agreement <= 1 and (np.diff(found.scores) <= 0).all()
    assert set(chosen.needed) <= set(range(len(results)))


def test_outlines_of_several_scales_grow_by_pixels_of_their_own_scale() -> None:
    results = [at(0.5, LARGE), at(0.5, LARGE), at(0.5, LARGE), at(1.0, LARGE + SMALL)]
    results += [at(1.0, SMALL), at(1.0, SMALL), at(1.0, SMALL)]
    plain, wider = (choose(results, 1).particles(px).dist.mean(1) for px in (0.0, 1.0))
    grown = {round(float(b)): round(float(a - b), 3) for a, b in zip(wider, plain, strict=True)}
    assert grown[9] == pytest.approx(1.0, abs=0.01) and grown[60] == pytest.approx(2.0, abs=0.01)


def test_objects_put_together_keep_what_is_known_of_each() -> None:
    both = merged([at(0.5, LARGE, 0.3), at(1.0, SMALL, 0.6)])
    assert len(both) == 13 and both.contrast.values[-1] == 0.6 and both.scale == 0.5
