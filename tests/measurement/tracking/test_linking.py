"""Links compared with trackpy, with the truth, and with all that could be made."""

import itertools
import logging

import numpy as np
import pandas as pd
import pytest
import trackpy
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.measurement.tracking.linking import Linker
from particleforge.measurement.tracking.spacing import longest_step_px

logging.getLogger("trackpy").setLevel(logging.ERROR)


def wandering(seed, particles=60, frames=12, step=3.0, missing=0.05, side=300):
    """Particles that wander, grow and are missing in some frames, with their true numbers."""
    rng = np.random.default_rng(seed)
    places, sizes = rng.uniform(0, side, (particles, 2)), rng.uniform(8, 20, particles)
    parts = []
    for frame in range(frames):
        seen = rng.permutation(particles)[rng.random(particles) >= missing]
        parts.append(
            pd.DataFrame(
                {"frame": frame, "x": places[seen, 0], "y": places[seen, 1], "size": sizes[seen] + frame, "true": seen}
            )
        )
        places = places + rng.normal(0, step / np.sqrt(2), places.shape)
    return pd.concat(parts, ignore_index=True)


def linked(table, linker):
    return linker(table["frame"].to_numpy(), table[["x", "y"]].to_numpy(), table["size"].to_numpy())


def same(one, other):
    """Whether two numberings of tracks mean the same tracks."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


@pytest.mark.parametrize("memory", [0, 2])
@pytest.mark.parametrize("seed", range(5))
def test_distances_alone_give_the_links_of_trackpy(seed, memory):
    table = wandering(seed)
    places = (own[["x", "y"]].to_numpy() for _, own in table.groupby("frame"))
    theirs = np.concatenate([numbers for _, numbers in trackpy.link_iter(places, 12, memory=memory)])
    ours = linked(table, Linker(12, memory, size_weight=0))
    assert same(ours, theirs)
    assert len(np.unique(ours)) > 1


def test_nearly_all_links_are_right_and_sizes_make_more_of_them_so():
    table = wandering(0, particles=150, frames=20, step=6.0)
    shares = []
    for weight in (0.0, 1.0):
        tracks = pd.Series(linked(table, Linker(15, 2, weight)))
        linked_to, true_next = (table.groupby(key).shift(-1) for key in (tracks, table["true"]))
        there = true_next["frame"] - table["frame"] <= 3
        shares.append(float((linked_to["x"] == true_next["x"])[there].mean()))
    assert shares[0] < shares[1] and shares[1] > 0.9


places = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(5, 9)), min_size=0, max_size=4, unique=True
)


@settings(max_examples=60)
@given(places, places, st.floats(0, 3))
def test_no_other_links_of_two_frames_cost_less(before, after, weight):
    cutoff = 11.3
    frames = np.repeat([0, 1], [len(before), len(after)])
    values = np.array([*before, *after], float).reshape(-1, 3)
    tracks = Linker(cutoff, 0, weight)(frames, values[:, :2], values[:, 2])

    def cost(i, j):
        size = weight * cutoff * np.log(after[j][2] / before[i][2])
        return float(np.sum((values[i, :2] - values[len(before) + j, :2]) ** 2)) + size**2

    def total(pairs):
        costs = [cost(i, j) for i, j in pairs]
        if any(one > cutoff**2 for one in costs):
            return np.inf
        return sum(costs) + (len(before) + len(after) - 2 * len(pairs)) * cutoff**2 / 2

    ours = [(i, j) for i in range(len(before)) for j in range(len(after)) if tracks[i] == tracks[len(before) + j]]
    every = [
        list(zip(some, others, strict=True))
        for count in range(min(len(before), len(after)) + 1)
        for some in itertools.combinations(range(len(before)), count)
        for others in itertools.permutations(range(len(after)), count)
    ]
    assert total(ours) == pytest.approx(min(map(total, every)))
    assert len(set(tracks[: len(before)])) == len(before)


@pytest.mark.parametrize(("memory", "tracks"), [(0, 2), (1, 2), (2, 1)])
def test_gaps_are_bridged_up_to_the_memory(memory, tracks):
    found = Linker(5, memory)(np.array([0, 1, 4, 5]), np.zeros((4, 2)), np.ones(4))
    assert len(set(found)) == tracks


def test_there_may_be_no_particles():
    assert Linker(5)(np.zeros(0, int), np.zeros((0, 2)), np.zeros(0)).shape == (0,)


def test_the_longest_step_follows_from_spacing_and_size():
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(5)), -1).reshape(-1, 2) * 30.0
    frames, sizes = np.repeat([0, 1], 25), np.full(50, 12.0)
    points = np.concatenate([grid, grid])
    assert longest_step_px(frames, points, sizes) == 15
    assert longest_step_px(frames, points, sizes / 4) == 6  # two diameters
    assert longest_step_px(np.array([0, 1]), points[:2], sizes[:2]) == 24  # there are no neighbours
