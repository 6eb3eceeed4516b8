"""Other rules applied to a table give what measuring again gives."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.measurement.columns import DESCRIPTORS, givers
from particleforge.measurement.descriptor import Particles
from particleforge.measurement.other_rules import needs_pixels, with_rules
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules

AGGREGATES = ["aggregate", "aggregate_particles", "contacts"]
BORDERS = st.sampled_from(
    ["miles_lantuejoul", "drop", "keep_all", {"kind": "guard_frame"}, {"kind": "guard_frame", "guard_px": 3}]
)


@st.composite
def label_images(draw):
    """Blocks of up to 12 labels, in several pieces, touching each other or not, at the border or not."""
    shape = draw(st.tuples(st.integers(4, 9), st.integers(4, 9)))
    coarse = draw(arrays(np.uint8, shape, elements=st.integers(0, 12), fill=st.just(0)))
    labels = np.kron(coarse, np.ones((3, 3), np.uint8))
    return np.pad(labels, draw(st.integers(0, 3))).astype(np.int32)


@st.composite
def all_rules(draw):
    """Rules of every kind."""
    smallest = draw(st.sampled_from([0, 3, 4, 6.5]))
    return Rules.parse(
        {
            "border": draw(BORDERS),
            "smallest_px": smallest,
            "largest_px": draw(st.sampled_from([None, smallest + 1, 12])),
            "size": draw(st.sampled_from(["ecd", "feret_max", "ved"])),
            "volume": draw(st.sampled_from(["sphere", "rod", {"kind": "spheroid", "about": "short"}])),
            "gap": draw(st.sampled_from(["0 px", "1 px", "4 px"])),
            "density_g_cm3": draw(st.sampled_from([None, 2.0])),
            "least_certainty": draw(st.sampled_from([0, 0.5])),
            "shape": {"smallest_px": draw(st.sampled_from([0, 8])), "rod_aspect": draw(st.sampled_from([1.2, 1.8]))},
        }
    )


@given(label_images(), all_rules(), all_rules(), st.sampled_from([None, 2.0]), st.booleans())
def test_other_rules_give_what_measuring_again_gives(labels, before, rules, size, data_bar):
    assume(labels.any())
    about = {"rows": (1, len(labels) - 4) if data_bar else None, "pixel_size_nm": size}
    scores = {number: number / 20 for number in range(13)}
    grey = np.arange(labels.size).reshape(labels.shape) % 7.0
    measured = {"image": "one", "scores": scores, "intensity": grey, **about}
    table = measure_particles(labels, rules=before, **measured)
    found, again = with_rules(table, labels.shape, rules, **about), measure_particles(labels, rules=rules, **measured)
    needed = needs_pixels(table, before, rules)
    event(f"needs {', '.join(needed) or 'no'} pixels")
    compared = again.columns.drop(AGGREGATES) if needed else again.columns
    assert list(found) == list(again)
    pd.testing.assert_frame_equal(found[compared], again[compared], check_exact=True)


def three():
    """Two squares that touch, of 4 and 8 px, and one of 4 px apart from them."""
    labels = np.zeros((40, 40), int)
    labels[5:9, 5:9], labels[5:13, 9:17], labels[25:29, 25:29] = 1, 2, 3
    return labels


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        ({}, {"border": "drop", "volume": "rod", "density": 3, "size": "ved", "shape": {"solidity": 0.5}}, ()),
        ({}, {"gap": "3 px"}, ("gap",)),
        ({}, {"burnt_in": "keep"}, ("burnt_in",)),
        ({}, {"smallest_px": 4}, ()),
        ({}, {"smallest_px": 6}, ("smallest_px",)),
        ({}, {"largest_px": 6}, ("largest_px",)),
        ({"smallest_px": 6}, {"smallest_px": 5}, ()),
        ({"smallest_px": 6}, {}, ("smallest_px",)),
    ],
)
def test_the_rules_that_need_the_pixels_are_named(before, after, needed):
    before, after = Rules.parse(before), Rules.parse(after)
    assert needs_pixels(measure_particles(three(), rules=before), before, after) == needed


def test_a_single_particle_leaves_without_measuring_again():
    labels = three()
    labels[labels == 1] = 0
    table = measure_particles(labels)
    assert needs_pixels(table, Rules(), Rules(smallest_px=6)) == ()
    again = measure_particles(labels, rules=Rules(smallest_px=6))
    pd.testing.assert_frame_equal(with_rules(table, labels.shape, Rules(smallest_px=6)), again)


def test_columns_that_nobody_declares_are_kept():
    table = measure_particles(three()).assign(plane=[4, 5, 6])
    assert with_rules(table, (40, 40), Rules(border="drop"))["plane"].tolist() == [4, 5, 6]


def test_a_table_of_an_earlier_version_is_refused():
    table = measure_particles(three()).drop(columns="ellipse_minor_px")
    with pytest.raises(UserError, match="Measure the particles again"):
        with_rules(table, (40, 40), Rules(volume="spheroid"))


class Watched:
    """Rules that note which of their attributes are read."""

    def __init__(self, rules, seen):
        self._rules, self._seen = rules, seen

    def __getattr__(self, name):
        self._seen.add(name)
        return getattr(self._rules, name)


def test_every_descriptor_names_the_rules_that_it_takes():
    taken = {"weights": {"border", "smallest_px", "largest_px"}, "within": {"smallest_px", "largest_px"}}
    taken["exclusions"] = taken["weights"]
    for name in dict.fromkeys(givers().values()):
        seen: set[str] = set()
        descriptor = DESCRIPTORS.get(name)
        particles = Particles(three(), Rules(density_g_cm3=1.0), pixel_size_nm=1.0)
        for other in givers():
            _ = particles.get(other)
        particles.rules = Watched(particles.rules, seen)
        descriptor.compute(particles)
        found = set().union(*(taken.get(one, {one}) for one in seen))
        declared = {*getattr(descriptor, "RULES", ()), *getattr(descriptor, "PIXEL_RULES", ())}
        assert found <= declared, name
        assert declared - {"burnt_in"} <= found, name
