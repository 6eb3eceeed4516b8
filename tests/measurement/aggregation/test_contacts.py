"""Contacts and aggregates against all pairs of pixels, and their symmetries."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import label as connected

from particleforge.errors import UserError
from particleforge.measurement.aggregation.contacts import components, contacts
from particleforge.measurement.gap import gap_px
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.runs import runs

some_labels = arrays(np.int32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 6))
gaps = st.sampled_from([0, 0.5, math.sqrt(2) - 1, 1, math.sqrt(2), 1.5, 2, math.sqrt(5), 3, 4.7, 30])


def closest(labels, one, other):
    """Smallest distance between the unit squares of two particles, over all pairs of pixels."""
    offsets = np.abs(np.argwhere(labels == one)[:, None] - np.argwhere(labels == other)[None])
    return np.hypot(*np.moveaxis(np.maximum(offsets - 1, 0), -1, 0)).min()


def aggregates(labels, gap="1 px", **rules):
    """Sets of labels that form an aggregate."""
    table = measure_particles(labels, rules=Rules.parse({"gap": gap, **rules}))
    own = table[table["aggregate"] > 0]
    return {frozenset(rows["label"]) for _, rows in own.groupby("aggregate")}


@given(some_labels, gaps)
def test_contacts_are_those_of_all_pairs_of_pixels(labels, gap):
    found = runs(labels)
    ids = found.ids.tolist()
    pairs = [(a, b) for a in range(len(ids)) for b in range(a + 1, len(ids))]
    near = [(a, b) for a, b in pairs if closest(labels, ids[a], ids[b]) <= gap + 1e-9]
    assert [tuple(pair) for pair in contacts(found, gap).tolist()] == near


@given(some_labels, gaps, gaps)
def test_a_wider_gap_loses_no_contact(labels, one, other):
    found = runs(labels)
    narrow, wide = (set(map(tuple, contacts(found, gap).tolist())) for gap in sorted([one, other]))
    assert narrow <= wide


@given(some_labels, st.integers(0, 1000))
def test_other_numbers_for_the_particles_change_nothing(labels, seed):
    pieces = connected(labels, connectivity=2)
    order = np.random.default_rng(seed).permutation(pieces.max())
    again = np.append(0, 10 * order + 3)[pieces]
    one, other = measure_particles(pieces), measure_particles(again)
    names = ["aggregate", "aggregate_particles", "contacts"]
    expected = one.assign(label=10 * order[one["label"] - 1] + 3).sort_values("label")[names]
    assert expected.to_numpy().tolist() == other[names].to_numpy().tolist()


@given(some_labels)
def test_what_touches_without_a_gap_is_connected(labels):
    pieces = connected(labels, connectivity=2)
    regions = connected(pieces > 0, connectivity=2)
    expected = {frozenset(np.unique(pieces[regions == number]).tolist()) for number in range(1, regions.max() + 1)}
    assert aggregates(pieces, "0 px") == {members for members in expected if len(members) > 1}


def test_separate_images_side_by_side_give_the_union_of_their_aggregates(discs):
    one, other = (
        discs([(20, 20), (20, 41), (60, 60)], 10, (80, 80)),
        discs([(20, 20), (40, 20), (60, 20)], 10, (80, 80)),
    )
    together = np.hstack([one, np.zeros((80, 2), int), np.where(other, other + 10, 0)])
    assert aggregates(together) == aggregates(one) | {frozenset(n + 10 for n in own) for own in aggregates(other)}


def test_a_chain_is_one_aggregate_with_two_contacts_in_its_middle(discs):
    table = measure_particles(discs([(40, 20 + 21 * i) for i in range(8)], 10))
    assert table["aggregate"].tolist() == [1] * 8 and table["aggregate_particles"].tolist() == [8] * 8
    assert table["contacts"].tolist() == [1, 2, 2, 2, 2, 2, 2, 1]


@pytest.mark.parametrize(("gap", "size", "together"), [("2 px", None, 1), ("3 px", None, 2), ("1.2 nm", 0.4, 2)])
def test_the_gap_is_what_lies_between(gap, size, together):
    labels = np.zeros((9, 20), int)
    labels[2:7, 2:7], labels[2:7, 10:15] = 1, 2
    table = measure_particles(labels, pixel_size_nm=size, rules=Rules(gap=gap))
    assert table["aggregate_particles"].tolist() == [together] * 2


def test_a_speck_below_the_limit_of_size_joins_nothing(discs):
    labels = discs([(40, 20), (40, 44)], 10)
    labels[40, 31:34] = 9
    assert aggregates(labels) == {frozenset({1, 2, 9})}
    assert aggregates(labels, smallest_px=3) == set()


def test_a_stray_piece_makes_no_contact(discs):
    labels = discs([(40, 20), (40, 60)], 10)
    labels[40, 49] = 1
    assert aggregates(labels) == set()


def test_components_are_numbered_by_their_first_members():
    assert components(6, np.array([[1, 4], [2, 5]])).tolist() == [0, 1, 2, 3, 1, 2]
    assert components(0, np.empty((0, 2), int)).tolist() == []


@pytest.mark.parametrize("gap", [0, 1, 5])
def test_many_particles_take_a_fraction_of_a_second(discs, gap):
    tile = discs([(15, 15)], 14.5, (30, 30))
    labels = np.kron(np.arange(1, 38 * 38 + 1).reshape(38, 38), tile)
    found = runs(labels)
    contacts(found, 0)
    start = time.process_time()
    components(len(found.ids), contacts(found, gap))
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        ("2", "gap = '2': '2' is not a length. Write, for example, '8 px' or '5 nm'"),
        ("-1 px", "is not a length"),
        ("nan nm", "is not a length"),
        ("5 furlong", "is not a length"),
        ("101 px", "it must not be above 100 px"),
        (True, "valid string"),
    ],
)
def test_a_wrong_gap_is_refused(gap, words):
    with pytest.raises(UserError, match=words):
        Rules.parse({"gap": gap})


def test_a_gap_in_nm_needs_a_pixel_size_and_has_a_limit():
    assert gap_px("5 nm", 0.5) == 10 and gap_px("0", None) == gap_px("0 nm", None) == gap_px(".0px", None) == 0
    with pytest.raises(UserError, match=r"particles of 5 nm needs a known pixel size\. Give the pixel size"):
        gap_px("5 nm", None)
    with pytest.raises(UserError, match="5 nm is 500 px; it must not be above 100 px"):
        gap_px("5 nm", 0.01)


def test_mass_is_volume_times_density(discs):
    rules = Rules.parse({"density": 2})
    table = measure_particles(discs([(40, 40)], 20), pixel_size_nm=3, rules=rules)
    assert table["mass_fg"][0] == pytest.approx(2 * table["volume_nm3"][0] * 1e-21 * 1e15)
    assert "mass_fg" not in measure_particles(discs([(40, 40)], 20), rules=rules)
    with pytest.raises(UserError, match=r"density = 7874: .* 25\. density: Density of the material in g/cm3"):
        Rules.parse({"density": 7874})
