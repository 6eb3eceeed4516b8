"""Results of a job as particles of a layer."""

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.layers import Image
from napari.layers._source import layer_source

from particleforge.errors import UserError
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.results import Results
from particleforge.measurement.results_folder import SUMMARY
from particleforge.micrograph import Micrograph
from particleforge.step import run
from particleforge.store.micrographs import read_micrograph
from particleforge.widgets.measure.found import Found, read_found, task
from particleforge.widgets.sample_data import FOLDER
from particleforge.workflows.measure import MeasureParams


def squares(*sides):
    labels = np.zeros((60, 60), np.uint32)
    for number, side in enumerate(sides, start=1):
        labels[5 : 5 + side, 20 * (number - 1) + 2 : 20 * (number - 1) + 2 + side] = number
    return labels


def written(out, *planes_of_sides):
    """Results of planes with squares of some sides."""
    results = Results(out, {"command": "measure", "source": {"model": "base", "images": "/tmp/x"}})
    for number, sides in enumerate(planes_of_sides):
        labels = squares(*sides)
        image = Micrograph(labels.astype(np.uint8), (2.0, 2.0), name=f"plane_{number:05d}")
        results.add(image, labels, dict.fromkeys(range(1, len(sides) + 1), 0.5), {"certainty": 0.9 - number / 2})
    results.finish()
    return out


def test_planes_are_handed_over_with_their_pixel_size(tmp_path):
    layer = Image(np.stack([squares(4), squares(5)]).astype(float), scale=(1, 3, 3), units=("s", "nm", "nm"))
    given = task(layer, "base", MeasureParams(options={"prob_thresh": 0.4}), tmp_path)
    assert given.params["options"] == {"prob_thresh": 0.4}
    found = [read_micrograph(path) for path in sorted((tmp_path / "images").iterdir())]
    assert [micrograph.pixel_size_nm for micrograph in found] == [pytest.approx((3, 3))] * 2
    np.testing.assert_array_equal(found[1].pixels, squares(5))


@pytest.mark.parametrize(
    ("stated_nm", "units", "given"),
    [(4, "nm", None), (None, "nm", "4.0 nm"), (2, "nm", "4.0 nm"), (None, "pixel", None), (4, "pixel", "planes")],
)
def test_a_file_is_handed_over_with_the_pixel_size_of_its_layer(tmp_path, stated_nm, units, given):
    path, scratch = tmp_path / "run.tif", tmp_path / "scratch"
    stack = np.stack([squares(4), squares(5)]).astype(np.uint8)
    stated = {} if stated_nm is None else {"resolution": (1 / stated_nm, 1 / stated_nm)}
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "TYX", "unit": "nm" if stated else ""}, **stated)
    scratch.mkdir()
    with layer_source(path=str(path)):
        layer = Image(stack, scale=(1, 4, 4), units=("pixel", units, units))
    made = task(layer, "base", MeasureParams(), scratch)
    if given == "planes":
        assert made.args["images"] == str(scratch / "images") and len(list((scratch / "images").iterdir())) == 2
    else:
        assert made.args["images"] == str(path) and not list(scratch.iterdir())
        assert made.params["pixel_size"] == given


def test_a_file_and_its_planes_give_the_same(tmp_path):
    path = tmp_path / "run.tif"
    grey = read_micrograph(FOLDER / "spheres" / "more" / "images" / "spheres_1.tif").grey[:160, :200]
    grey = np.stack([grey, grey[::-1]]).astype(np.uint8)
    tifffile.imwrite(path, grey, photometric="minisblack")
    found = []
    for name in ("file", "planes"):
        with layer_source(path=str(path) if name == "file" else None):
            layer = Image(grey, scale=(1, 3, 3), units=("pixel", "nm", "nm"))
        (tmp_path / name).mkdir()
        made = task(layer, "base", MeasureParams(precision={"resamples": 100}), tmp_path / name)
        assert (made.args["images"] == str(path)) == (name == "file")
        run(made.steps())
        found.append(read_found(tmp_path / name / "results", "run"))
    one, other = found
    assert set(one.table["plane"]) == {0, 1} and "frame" not in one.table
    pd.testing.assert_frame_equal(one.table, other.table)
    for labels, others in zip(one.labels, other.labels, strict=True):
        np.testing.assert_array_equal(labels, others)


def test_particles_of_several_planes_get_numbers_of_their_own(tmp_path):
    found = read_found(written(tmp_path / "out", (4, 6), (), (8,)), "series")
    assert found.table["label"].tolist() == [1, 2, 3] and found.table["plane"].tolist() == [0, 0, 2]
    assert set(found.table["image"]) == {"series"}
    assert [np.unique(labels).tolist() for labels in found.labels] == [[0, 1, 2], [0], [0, 3]]
    for plane, labels in enumerate(found.labels):
        own = found.table[found.table["plane"] == plane]
        expected = measure_particles(labels, pixel_size_nm=2.0)
        np.testing.assert_allclose(own["ecd_nm"].astype(float), expected["ecd_nm"], rtol=1e-6)
    assert found.certainty == pytest.approx(-0.1)
    assert found.provenance["source"] == {"model": "base", "images": "series"}
    assert json.loads((tmp_path / "out" / SUMMARY).read_text())["complete"]


def test_uncertainty_and_doubts_are_those_of_the_detector(tmp_path):
    results = Results(tmp_path / "out", {"command": "measure", "source": {"model": "base", "images": "/tmp/x"}})
    image = Micrograph(squares(4).astype(np.uint8), (2.0, 2.0), name="plane_00000")
    finding = {"certainty": 0.2, "detection_error": {"geometric_mean": 0.05}, "unlike_training": True}
    results.add(image, squares(4), {1: 0.5}, finding)
    results.finish()
    found = read_found(tmp_path / "out", "one")
    assert found.uncertainty.included == ["detection"]  # although an uncertain image is not pooled
    assert found.uncertainty.missing == ("pixel size",)
    assert "Unlike anything in the training of the detector" in found.remarks("one", in_pixels=False)


def test_a_plane_that_could_not_be_measured_stays_in_its_place(tmp_path):
    results = Results(tmp_path / "out", {"command": "measure", "source": {"model": "base", "images": "/tmp/x"}})
    for number, sides in enumerate(((4,), None, (8,))):
        name = f"plane_{number:05d}"
        if sides is None:
            results.fail(name, UserError("3 pixels are NaN.", "Replace them."))
        else:
            results.add(Micrograph(squares(*sides).astype(np.uint8), name=name), squares(*sides))
    results.finish()
    found = read_found(tmp_path / "out", "series")
    assert [np.unique(labels).tolist() for labels in found.labels] == [[0, 1], [0], [0, 2]]
    assert found.table["plane"].tolist() == [0, 2]
    said = found.remarks("series", in_pixels=False)
    assert said == "1 of 3 planes could not be measured. Plane 1: 3 pixels are NaN. Replace them."


def test_no_particle_is_an_empty_table(tmp_path):
    found = read_found(written(tmp_path / "out", ()), "nothing")
    assert len(found.table) == 0 and {"label", "ecd_px", "touches_border", "plane"} <= set(found.table)
    assert found.remarks("nothing", in_pixels=True) == "No particles were found in nothing."


@pytest.mark.parametrize(
    ("certainty", "in_pixels", "words"),
    [(0.95, False, ()), (None, False, ()), (0.5, False, ("certainty 0.50",)), (0.5, True, ("0.50", "in pixels"))],
)
def test_what_a_person_should_know_is_said(certainty, in_pixels, words):
    text = Found([squares(4)], pd.DataFrame({"label": [1]}), {}, certainty).remarks("A", in_pixels)
    assert all(word in text for word in words) and bool(text) == bool(words)
