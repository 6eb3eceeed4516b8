"""Which particles are looked at first, and which outlines cannot be meant."""

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from particleforge.annotate.click import find_particle
from particleforge.annotate.region import Region
from particleforge.errors import UserError
from particleforge.measurement.particles import measure_particles
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph
from particleforge.widgets.bench.check.doubtful import Queue, doubtful, robust_z
from particleforge.widgets.bench.check.places import Places
from particleforge.widgets.bench.check.plausible import check_outline

SAMPLES = files("particleforge") / "sample_data" / "spheres" / "more"


def table(ecd, scores=None, contacts=None):
    made = pd.DataFrame({"label": np.arange(1, len(ecd) + 1), "ecd_px": ecd})
    made["score"] = np.full(len(ecd), np.nan) if scores is None else scores
    made["contacts"] = 0 if contacts is None else contacts
    return made


def test_low_scores_come_before_sizes_and_contacts():
    sizes = [10, 10.5, 11, 9.5, 10, 10, 10.2, 9.8, 10, 60.0]
    scores = [0.9, 0.9, 0.4, 0.9, 0.9, 0.9, 0.9, 0.9, np.nan, 0.9]
    found = doubtful(table(sizes, scores, [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]))
    assert list(found) == [3, 10, 2]
    assert "0.40" in found[3] and "6.0 times" in found[10] and "touches" in found[2]


def test_equal_scores_and_few_or_equal_sizes_are_no_reason():
    assert doubtful(table([10.0] * 12, [0.8] * 12)) == {}
    assert doubtful(table([10, 10, 90.0])) == {}
    assert doubtful(table([])) == {}
    assert robust_z(np.array([1.0, 1, 1, 5])).tolist() == [0, 0, 0, np.inf]


def test_it_works_on_a_measured_table():
    labels = np.zeros((60, 60), np.uint32)
    labels[2:10, 2:10], labels[2:10, 10:18], labels[40:48, 40:48] = 1, 2, 5
    assert set(doubtful(measure_particles(labels, scores={1: 0.9, 5: 0.2}))) == {1, 2, 5}


def test_the_queue_goes_on_and_counts_what_was_decided():
    queue, there = Queue(), frozenset({1, 2, 3, 4})
    queue.update({3: "a", 1: "b", 4: "c"}, frozenset(), there)
    assert queue.following(None, frozenset(), there) == 3
    assert queue.following(3, frozenset({3}), there) == 1
    assert queue.following(4, frozenset({3}), there) == 1  # from the end to the beginning
    queue.update({1: "b", 2: "new"}, frozenset({3}), there - {4})
    assert list(queue.reasons) == [3, 4, 1, 2] and queue.left(frozenset({3}), there - {4}) == [1, 2]
    assert queue.following(1, frozenset({1, 2, 3}), there - {4}) is None


def test_clicks_on_background_among_particles_are_refused_and_those_on_particles_are_not():
    grey = read_micrograph(SAMPLES / "images" / "spheres_2.tif").grey
    labels = read_labels(SAMPLES / "labels" / "spheres_2.tif")
    places = Places(labels)
    free = np.argwhere(labels == 0)
    refused = kept = 0
    for place in free[np.random.default_rng(0).integers(0, len(free), 10)]:
        region = find_particle(grey, (float(place[0]), float(place[1])), labels).region
        if region is not None and region.area_px > 1.5 * max(places.areas.values()):
            try:
                check_outline(region, labels, places.areas)
                kept += 1
            except UserError as error:
                assert "looks like background" in str(error) and "drag a box" in str(error)
                refused += 1
    assert refused >= 5 and kept <= 1
    for particle in sorted(places.ids)[::6]:
        others = np.where(labels == particle, 0, labels)
        rows, columns = np.nonzero(labels == particle)
        region = find_particle(grey, (float(rows.mean()), float(columns.mean())), others).region
        if region is not None:
            check_outline(region, others, Places(others).areas)


def test_where_little_is_known_only_a_large_part_of_the_image_is_refused():
    labels = np.zeros((100, 100), np.uint32)
    check_outline(Region(np.ones((50, 50), bool), 20, 20), labels, {})
    with pytest.raises(UserError, match="25 % of the image"):
        check_outline(Region(np.ones((50, 50), bool), 0, 20), labels, {})
