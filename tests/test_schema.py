import pickle
from dataclasses import replace

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.outline import Outline
from particleforge.sample import Sample
from particleforge.schema import Array, Axis, Map, Schema
from particleforge.targets.category import Category
from particleforge.targets.number import Number
from particleforge.targets.outlines import Outlines

IMAGE = Micrograph(np.zeros((2, 3), np.uint8), name="one")
LABELS = np.array([[0, 1, 0], [0, 1, 2]], np.uint32)
SQUARE = Outline(3, np.array([[0, 0], [0, 2.5], [2, 2.5], [2, 0]]), 0.25)
SCHEMA = Schema(
    maps={"boundary": Map(meaning="Seams between grains.")},
    arrays={"spectrum": Array(axes=(Axis(name="radius", size=4, unit="nm"), Axis(name="time", size=2, unit="s")))},
    targets={"phase": Category(names=("anatase", "rutile")), "size_nm": Number(unit="nm"), "whole": Outlines()},
)
FULL = Sample(
    IMAGE,
    LABELS,
    maps={"boundary": LABELS == 1},
    arrays={"spectrum": np.ones((4, 1), np.float32)},
    targets={"phase": "rutile", "size_nm": 2.5, "whole": (SQUARE,)},
)


def test_a_sample_that_fits_is_taken():
    SCHEMA.check(FULL)
    Schema().check(Sample(IMAGE, LABELS))
    back = SCHEMA.unpack_targets(SCHEMA.pack_targets(FULL))
    assert (back["phase"], back["size_nm"], back["whole"][0].label) == ("rutile", 2.5, 3)
    np.testing.assert_array_equal(back["whole"][0].points_px, SQUARE.points_px)
    assert Schema.parse(SCHEMA.model_dump(mode="json")) == SCHEMA


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"maps": {}}, r"one has the maps \(none\); wanted are boundary"),
        ({"targets": {**FULL.targets, "more": 1}}, "one has the targets more, phase, size_nm, whole; wanted are phase"),
        ({"maps": {"boundary": LABELS}}, "one: boundary is uint32; bool is wanted"),
        ({"arrays": {"spectrum": np.ones((4, 1))}}, "one: spectrum is float64; float32 is wanted"),
        (
            {"arrays": {"spectrum": np.ones((5, 1), np.float32)}},
            r"one: spectrum has shape \(5, 1\); \(4, 2\) at most is wanted \(radius, time\)",
        ),
        ({"arrays": {"spectrum": np.ones(4, np.float32)}}, r"one: spectrum has shape \(4,\); \(4, 2\) at most"),
        ({"micrograph": Micrograph(np.zeros((0, 0)), name="one")}, "one has no image"),
    ],
)
def test_what_does_not_fit_is_named_with_what_is_wanted_and_got(changes, message):
    if "micrograph" in changes:
        empty = np.zeros((0, 0), bool)
        changes |= {"labels": empty.astype(np.uint32), "maps": {"boundary": empty}}
    with pytest.raises(UserError, match=message):
        SCHEMA.check(replace(FULL, **changes))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("phase", "brookite", "one: phase is 'brookite'; the categories are anatase, rutile"),
        ("phase", 1, "the name of a category is needed"),
        ("size_nm", "2.5", "one: size_nm is '2.5'; a finite number"),
        ("size_nm", float("inf"), "a finite number"),
        ("size_nm", True, "a finite number"),
        ("whole", [SQUARE], "a tuple of Outline is needed"),
        ("whole", (LABELS,), "a tuple of Outline is needed"),
    ],
)
def test_wrong_targets_are_named(name, value, message):
    with pytest.raises(UserError, match=message):
        SCHEMA.pack_targets(replace(FULL, targets={**FULL.targets, name: value}))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"maps": {"labels": {}}}, "'labels' is reserved"),
        ({"targets": {"rows": {"kind": "number"}}}, "'rows' is reserved"),
        ({"maps": {"crack": {}}, "arrays": {"crack": {}}}, "'crack' is given twice"),
        ({"arrays": {"a/b": {}}}, "'a/b' is not a valid name"),
        ({"arrays": {"Spectrum": {}}}, "'Spectrum' is not a valid name"),
        ({"maps": {"": {}}}, "'' is not a valid name"),
        ({"maps": {"crack": {"dtype": "colour"}}}, "no such type"),
        ({"maps": {"crack": {"dtype": "U5"}}}, "real numbers can be kept"),
        ({"arrays": {"spectrum": {"axes": [{"size": 3, "coordinates": [1, 2]}]}}}, "3 entries but 2 coordinates"),
        ({"targets": {"size": {"kind": "guess"}}}, "no target 'guess'"),
        ({"image": False}, "labels and maps need an image"),
    ],
)
def test_schemas_that_cannot_be_stored_are_refused(fields, message):
    with pytest.raises(UserError, match=message):
        Schema.parse(fields)


def test_samples_without_labels_or_image():
    spectrum = Sample.unlabelled("s1", arrays={"spectrum": np.ones((4, 2), np.float32)}, recipe={"kind": "test"})
    only = Schema(image=False, labels=False, arrays=SCHEMA.arrays)
    only.check(spectrum)
    assert (spectrum.name, spectrum.has_image, spectrum.recipe) == ("s1", False, {"kind": "test"})
    classed = Sample.unlabelled(IMAGE, targets={"phase": "rutile"})
    assert not classed.background.any()
    Schema(labels=False, targets={"phase": Category()}).check(classed)
    with pytest.raises(UserError, match="one has labels"):
        Schema(labels=False).check(Sample(IMAGE, LABELS))
    with pytest.raises(UserError, match="one has an image"):
        Schema(image=False, labels=False).check(Sample.unlabelled(IMAGE))


def test_further_arrays_cannot_be_changed_and_travel():
    values = np.zeros((2, 3))
    sample = Sample(IMAGE, LABELS, maps={"depth": values}, targets={"size": 1.0})
    values[0, 0] = 1  # the owner's own array is left writable
    for one in (sample, pickle.loads(pickle.dumps(sample)), replace(sample, targets={})):
        with pytest.raises(ValueError, match="read-only"):
            one.maps["depth"][0, 0] = 2
        with pytest.raises(TypeError):
            one.maps["depth"] = values
    assert pickle.loads(pickle.dumps(FULL)).fingerprint() == FULL.fingerprint()


def test_maps_must_have_the_shape_of_the_image():
    with pytest.raises(UserError, match=r"one: the values of crack have shape \(3, 2\), but the image has \(2, 3\)"):
        Sample(IMAGE, LABELS, maps={"crack": np.zeros((3, 2), bool)})


def test_the_fingerprint_differs_with_every_array_and_target():
    moved = Outline(3, SQUARE.points_px + 1e-9, 0.25)
    samples = [
        Sample(IMAGE, LABELS),
        FULL,
        replace(FULL, maps={"boundary": LABELS == 2}),
        replace(FULL, arrays={"spectrum": np.zeros((4, 1), np.float32)}),
        replace(FULL, targets={**FULL.targets, "phase": "anatase"}),
        replace(FULL, targets={**FULL.targets, "whole": (moved,)}),
    ]
    assert len({sample.fingerprint() for sample in samples}) == len(samples)
    same = replace(FULL, targets={**FULL.targets, "size_nm": np.float64(2.5)})
    assert same.fingerprint() == FULL.fingerprint()


def test_the_fingerprint_of_image_and_labels_stays():
    expected = "one: 74fca4cf7c47c20b6450dc62631c7f0398b70bdf2a600406742167304e1344f8"
    assert Sample(IMAGE, LABELS).fingerprint() == expected


@pytest.mark.parametrize(
    ("points", "fraction", "message"),
    [([[0, 0], [1, 1]], 1, "at least 3"), ([[0, 0], [1, 1], [0, np.nan]], 1, "finite"), (SQUARE.points_px, 1.5, "1.5")],
)
def test_outlines_have_corners_and_a_share_that_is_seen(points, fraction, message):
    with pytest.raises(ValueError, match=message):
        Outline(1, np.array(points, float), fraction)
