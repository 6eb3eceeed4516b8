"""The degree of aggregation, its intervals, and what the border does to it."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from particleforge.measurement.aggregation.degree import AGGREGATED, AGGREGATES, SINGLE, aggregation
from particleforge.measurement.aggregation.table import measure_aggregates
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.sizes import Sizes

QUICK = Precision(resamples=200)
LENGTHS, SHARES = np.array([1, 2, 7]), np.array([0.5, 0.3, 0.2])
REACH, WINDOW = 70, 150


def tables(images, rules=Rules(), pixel_size_nm=None):
    found = [
        (
            one := measure_particles(labels, image=str(number), rules=rules, pixel_size_nm=pixel_size_nm),
            measure_aggregates(labels, one, rules=rules, pixel_size_nm=pixel_size_nm),
        )
        for number, labels in enumerate(images)
    ]
    return tuple(pd.concat(part, ignore_index=True) for part in zip(*found, strict=True))


def chains(rng, radius=4):
    """A wide field of chains of discs at random places and angles, far enough apart; see `SHARES`."""
    size, step = WINDOW + 2 * REACH, 2 * radius + 1
    labels = np.zeros((size, size), np.int32)
    y, x = np.mgrid[:size, :size]
    number = 0
    for _ in range(60):
        places = rng.uniform(0, size, 2) + np.outer(np.arange(rng.choice(LENGTHS, p=SHARES)), [0, step])
        places = np.rint(places).astype(int)
        if places.min() < radius or places.max() > size - 1 - radius:
            continue
        (top, left), (bottom, right) = places.min(axis=0) - radius - 3, places.max(axis=0) + radius + 4
        if labels[max(top, 0) : bottom, max(left, 0) : right].any():
            continue
        for row, column in places:
            number += 1
            labels[np.hypot(y - row, x - column) <= radius] = number
    return labels


def test_the_shares_are_counted(discs):
    table, aggregates = tables([discs([(40, 20), (40, 41), (40, 62), (40, 110), (40, 150)], [10, 10, 10, 10, 12])])
    found = aggregation(table, aggregates, Rules(border={"kind": "keep_all"}), QUICK)
    volume = table["volume_px3"]
    assert found.by_number.value == pytest.approx(table["weight"][:3].sum() / table["weight"].sum())
    weighted = table["weight"] * volume
    assert found.by_volume.value == pytest.approx(weighted[:3].sum() / weighted.sum())
    assert (found.particles.value, found.coordination.value) == (3, pytest.approx(4 / 3))
    assert [len(found.groups[name].sizes) for name in (SINGLE, AGGREGATED, AGGREGATES)] == [2, 3, 1]
    assert found.particles.low is None and found.unit == "px"


def test_figures_of_groups_are_those_of_size_distributions(discs):
    rng = np.random.default_rng(3)
    places = [(20 + 40 * (i // 9), 20 + 44 * (i % 9)) for i in range(54)]
    singles = discs(places, rng.uniform(8, 15, 54), (260, 420))
    table, aggregates = tables([singles], Rules.parse({"density": 2}), 2.0)
    one = aggregation(table, aggregates, Rules(), QUICK).groups[SINGLE]
    number = describe(Sizes.of(table), QUICK).figures["number"]
    for name, estimate in one.by_number.items():
        assert estimate.value == pytest.approx(number[name].value, rel=1e-12)
        assert (estimate.low, estimate.high) == pytest.approx((number[name].low, number[name].high), rel=1e-9)
    by_volume = describe(Sizes.of(table), QUICK).figures["volume"]  # spheres: by volume is by the cube of the size
    for name, estimate in one.by_volume.items():
        assert estimate.value == pytest.approx(by_volume[name].value, rel=1e-9)
    mean = np.average(table["mass_fg"], weights=table["weight"].where(table["weight"] > 0, 0))
    assert one.mean_mass_fg.value == pytest.approx(mean) and one.mean_mass_fg.low < mean < one.mean_mass_fg.high


@pytest.mark.parametrize(
    ("places", "share"), [([(40, 20 + 40 * i) for i in range(4)], 0.0), ([(40, 50), (40, 69)], 1.0)]
)
def test_where_none_or_all_are_aggregated_the_interval_is_that_of_clopper_and_pearson(discs, places, share):
    found = aggregation(*tables([discs(places, 9)]), precision=QUICK).by_number
    reach = 0.025 ** (1 / (4 if share == 0 else 1))
    assert found.value == share
    assert (found.low, found.high) == ((0, pytest.approx(1 - reach)) if share == 0 else (pytest.approx(reach), 1))


def test_particles_of_an_aggregate_are_not_independent(discs):
    """Forty particles in five chains carry the information of five chains."""
    single = [(14 + 24 * (i // 8), 14 + 24 * (i % 8)) for i in range(40)]
    chain = [(140 + 24 * j, 14 + 21 * i) for j in range(5) for i in range(8)]
    table, aggregates = tables([discs(single + chain, 10, (260, 210))])
    clustered = aggregation(table, aggregates, precision=QUICK).by_number
    alone = aggregation(table, aggregates, precision=QUICK).groups[SINGLE]
    counted = table[table["weight"] > 0]
    n, share = len(counted), float((counted["aggregate"] > 0).mean())
    independent = 2 * 1.96 * math.sqrt(share * (1 - share) / n)
    assert clustered.high - clustered.low > 1.5 * independent and len(alone.sizes) == 40


def test_images_are_resampled_if_there_are_six(discs):
    images = [discs([(40, 40), (40, 60 + number % 3)], 9) for number in range(6)]
    assert aggregation(*tables(images), precision=QUICK).resampled == "images"
    assert aggregation(*tables(images[:5]), precision=QUICK).resampled == "aggregates"


def test_only_the_images_of_the_table_count(discs):
    table, aggregates = tables([discs([(40, 40), (40, 59)], 9), discs([(40, 40), (40, 59), (40, 78)], 9)])
    found = aggregation(table[table["image"] == "1"], aggregates, precision=QUICK)
    assert (found.particles.value, len(found.table)) == (pytest.approx(3), 1)


def test_aggregates_of_the_same_number_in_two_images_are_two(discs):
    images = [discs([(40, 40), (40, 59)], 9)] * 5
    assert aggregation(*tables(images), precision=QUICK).particles.low == 2


@pytest.mark.parametrize("images", [[np.zeros((9, 9), int)], [np.pad(np.ones((3, 3), int), 3)]])
def test_few_particles_or_none_are_described_as_plain_data(images):
    json.dumps(aggregation(*tables(images)).plain(), allow_nan=False)


@pytest.mark.slow
def test_the_border_does_not_bias_the_degree_nor_the_number_of_particles():
    rng, rounds = np.random.default_rng(0), 12
    found = {kind: [] for kind in ("miles_lantuejoul", "drop")}
    true = []
    for _ in range(rounds):
        fields = [chains(rng) for _ in range(4)]
        every = tables(fields)[0]
        inside = every[every[["x_px", "y_px"]].sub(REACH).apply(lambda one: one.between(0, WINDOW - 1)).all(axis=1)]
        members = inside[inside["aggregate"] > 0]["aggregate_particles"]
        true.append((len(members), len(inside), (1 / members).sum()))
        for kind, own in found.items():
            rules = Rules.parse({"border": kind})
            windows = [labels[REACH:-REACH, REACH:-REACH] for labels in fields]
            one = aggregation(*tables(windows, rules), rules, Precision(resamples=100))
            own.append((one.by_number.value, one.particles.value))
    aggregated, every, wholes = np.sum(true, axis=0)
    expected = np.array([aggregated / every, aggregated / wholes])
    means = {kind: np.mean(own, axis=0) for kind, own in found.items()}
    errors = np.std(found["miles_lantuejoul"], axis=0) / math.sqrt(rounds)
    assert (np.abs(means["miles_lantuejoul"] - expected) < 3 * errors).all()
    assert (means["drop"] < expected - [0, 3 * errors[1]]).all()
