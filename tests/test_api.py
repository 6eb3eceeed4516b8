"""Arrays in, tables out; every example of a public name runs."""

import doctest
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest

import particleforge as pf
from particleforge.measurement.rules import Rules
from particleforge.models.detections import Detections
from particleforge.recipes.recipe import make_sample
from particleforge.store.labels import write_labels
from particleforge.store.micrographs import write_micrograph

NOTEBOOK = (
    "draw",
    "load_model",
    "measure_aggregates",
    "measure_particles",
    "open_dataset",
    "read_micrograph",
    "read_recipe",
    "size_distribution",
)


def examples(name):
    """The examples of a public name and its methods."""
    found = doctest.DocTestFinder(exclude_empty=True).find(getattr(pf, name), name, module=False, globs={})
    return [one for one in found if one.examples]


SLOW = ("load_model",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in sorted(pf.__all__)]
)
def test_the_examples_of_a_public_name_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tests = examples(name)
    assert tests or name not in NOTEBOOK
    for one in tests:
        assert doctest.DocTestRunner().run(one).failed == 0


def test_the_version_is_that_of_the_distribution():
    assert pf.__version__ == version("napari-particleforge")
    with pytest.raises(AttributeError):
        pf.nothing  # noqa: B018


@pytest.fixture(scope="module")
def sample():
    return pf.draw("shapes", seed=3)[0]


def test_samples_drawn_are_those_of_a_dataset(sample, tmp_path):
    recipe = pf.read_recipe("shapes")
    drawn = pf.draw(recipe, count=2, seed=3)
    assert len(drawn) == 2
    expected = make_sample(recipe, recipe.prepare([]), 3, 1)
    assert drawn[1].fingerprint() == expected.fingerprint()
    assert sample.fingerprint() == drawn[0].fingerprint()


def test_a_table_is_what_the_commands_write(sample, tmp_path):
    pixels = sample.micrograph.pixels
    for part in ("labels", "images"):
        (tmp_path / part).mkdir()
    write_labels(tmp_path / "labels" / "one.tif", sample.labels)
    write_micrograph(tmp_path / "images" / "one.tif", pf.Micrograph(pixels, (0.5, 0.5), name="one"))
    measured = pf.sizes(
        tmp_path / "labels", tmp_path / "out", pf.SizesParams(reports=False), images=tmp_path / "images"
    )
    written = pd.read_csv(measured.table).fillna({"excluded": ""})
    micrograph = pf.read_micrograph(str(tmp_path / "images" / "one.tif"))
    for table in (
        pf.measure_particles(sample.labels, pixels, "0.5 nm", name="one"),
        pf.measure_particles(sample.labels, micrograph),
        pf.measure_particles(sample.labels.astype(int).tolist(), micrograph.with_pixel_size(7), pixel_size="500 pm"),
    ):
        shared = [column for column in written if column in table]
        assert {"image", "label", "ecd_nm", "mean_intensity", "weight"} <= set(shared)
        pd.testing.assert_frame_equal(table[shared], written[shared], check_dtype=False)
    figures = measured.summary["images"]["one"]["nm"]
    number = pf.size_distribution(table).figures["number"]
    assert number["geometric_mean"].value == pytest.approx(figures["geometric_mean"])
    assert number["d50"].value == pytest.approx(figures["d50"])


def test_a_size_distribution_is_a_table(sample):
    rules = Rules(size="feret_max")
    table = pf.measure_particles(sample.labels, rules=rules)
    sizes = pf.size_distribution(table, rules)
    figures = sizes.table()
    counted = table[table["weight"] > 0]
    mean = np.average(counted["feret_max_px"], weights=counted["weight"])
    assert (sizes.unit, sizes.count) == ("px", len(counted))
    assert figures.loc[("number", "mean"), "value"] == pytest.approx(mean)
    assert list(figures.columns) == ["value", "low", "high", "supported"]
    assert {"number", "length", "area", "volume", "moments"} == set(figures.index.get_level_values("weighting"))


def test_what_a_detector_found_is_measured_with_its_scores():
    labels = np.zeros((9, 9), np.uint32)
    labels[1:4, 1:4], labels[5:8, 5:8] = 1, 2
    found = Detections(
        labels.shape, np.array([[2.0, 2], [6, 6]]), np.array([0.5, 0.75], np.float32), None, lambda: labels
    )
    assert pf.measure_particles(found)["score"].tolist() == [0.5, 0.75]


@pytest.mark.slow
def test_a_detector_takes_arrays_and_micrographs(sample):
    detector = pf.load_model("base")
    found = detector.detect(sample.micrograph.pixels)
    again = detector.detect(sample.micrograph)
    np.testing.assert_array_equal(found.labels, again.labels)
    assert len(found) == found.labels.max() > 5
    assert len(detector.detect(sample.micrograph, prob_thresh=0.99)) < len(found)
    with pytest.raises(pf.UserError, match="prob_thersh"):
        detector.detect(sample.micrograph, prob_thersh=0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pf.measure_particles(np.zeros((2, 3), int), np.zeros((3, 2))), r"\(2, 3\), the image has \(3, 2\)"),
        (lambda: pf.measure_particles(np.zeros((2, 3), int), np.zeros((2, 3, 3))), r"shape \(2, 3, 3\); one 2D"),
        (lambda: pf.measure_particles(np.zeros((2, 3), int), pixel_size="0.5"), "'0.5' is not a length"),
        (lambda: pf.load_model("best"), "best"),
        (lambda: pf.load_model("hetero"), "hetero is an estimator"),
        (lambda: pf.open_dataset("nowhere.zarr"), "does not exist"),
        (lambda: pf.read_micrograph("nowhere.tif"), "nowhere"),
        (lambda: pf.draw("nothing"), "nothing"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(pf.UserError, match=message):
        call()
