"""Images measured tile by tile: the same results as in one piece, whether their rows are few or too many for a CSV."""

import json

import numpy as np
import pandas as pd
import pytest

from particleforge.measurement import many_rows, results_folder
from particleforge.measurement.aggregation.table import measure_aggregates
from particleforge.measurement.measured import Measured
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.report import content
from particleforge.measurement.results import Results
from particleforge.measurement.results_folder import ResultsFolder

ONCE = {"command": "drawn"}


def discs(count, seed):
    rng = np.random.default_rng(seed)
    labels = np.zeros((40 * count, 400), np.uint32)
    y, x = np.mgrid[: labels.shape[0], : labels.shape[1]]
    for i in range(10 * count):
        cy, cx, r = 20 + 40 * (i // 10), 20 + 40 * (i % 10), rng.uniform(3, 19.9)
        labels[(y - cy) ** 2 + (x - cx) ** 2 <= r**2] = i + 1
    return labels


def by_tiles(results, name, labels):
    table = measure_particles(labels, image=name, pixel_size_nm=0.5)
    rows = results.folder.rows(name)
    for number, part in enumerate(np.array_split(np.arange(len(table)), 4)):
        rows.write((0, number), table.iloc[part])
    aggregates = measure_aggregates(labels, table, pixel_size_nm=0.5)
    bare = Measured(name, pixel_size_nm=0.5, shape=labels.shape)
    results.enter(results.writer.write_rows(bare, rows, aggregates=aggregates))


@pytest.fixture(scope="module")
def images():
    return {"a": discs(3, 0), "b": discs(2, 1)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, images):
    results = Results(tmp_path_factory.mktemp("whole") / "out", ONCE)
    for name, labels in images.items():
        results.add_labels(name, labels, 0.5)
    results.finish()
    return results.out


def close(found, expected, rel=2e-2):
    """Compare plain data; sizes that are equal in a CSV are not in other files, which changes their order."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            close(found[key], value, rel)
    elif isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            close(one, other, rel)
    elif isinstance(expected, float) and not isinstance(found, str):
        assert found == pytest.approx(expected, rel=rel, abs=rel)
    else:
        assert found == expected


def summary(out):
    return json.loads((out / "summary.json").read_text())


def test_few_rows_end_in_the_usual_tables(tmp_path, images, whole):
    results = Results(tmp_path / "out", ONCE)
    for name, labels in images.items():
        by_tiles(results, name, labels)
    results.finish()
    for name in ("particles.csv", "aggregates.csv"):
        assert (results.out / name).read_bytes() == (whole / name).read_bytes()
    assert not any((results.out / "rows").glob("*"))
    close(summary(results.out)["pooled"], summary(whole)["pooled"])


@pytest.mark.parametrize("narrow", [False, True])
def test_many_rows_stay_in_files_and_give_the_same_summary(tmp_path, images, whole, monkeypatch, narrow):
    monkeypatch.setattr(results_folder, "MOST_IN_CSV", 20)
    monkeypatch.setattr(many_rows, "MANY", 10 if narrow else 100)
    monkeypatch.setattr(content, "_MOST_ROWS", 1)  # far fewer than `many_rows.MANY`
    results = Results(tmp_path / "out", ONCE, outputs=Outputs())
    if narrow:
        by_tiles(results, "a", images["a"])
    else:
        results.add_labels("a", images["a"], 0.5)
    results.add_labels("b", images["b"], 0.5)
    measured = results.finish()
    found, expected = summary(results.out), summary(whole)
    close(found["pooled"], expected["pooled"])
    sums = ("mean", "geometric_mean", "gsd", "sauter_d32")  # others depend on the order of equal sizes
    close(*({name: one["pooled"]["nm"][name] for name in sums} for one in (found, expected)), 2e-6)
    close(found["images"], expected["images"])
    assert "rows/" in found["remarks"][0]
    assert not (results.out / "particles.csv").exists() and not (results.out / "particles.parquet").exists()
    assert measured.table == results.out / "rows"
    assert "Geometric mean" in (results.out / "report.html").read_text()
    one = ResultsFolder.open(whole).table().fillna({"excluded": ""})
    for table in (ResultsFolder.open(results.out).table(), pd.read_parquet(measured.table)):
        known = [name for name in one if name in table]
        filled = table[known].fillna({"excluded": ""})
        pd.testing.assert_frame_equal(filled, one[known], check_dtype=False, rtol=1e-6)


def test_an_interrupted_run_keeps_images_whose_rows_are_all_there(tmp_path, images, monkeypatch):
    monkeypatch.setattr(results_folder, "MOST_IN_CSV", 15)
    results = Results(tmp_path / "out", ONCE)
    for name, labels in images.items():
        by_tiles(results, name, labels)
    assert Results(results.out, ONCE).measured == {"a", "b"}
    results.folder.rows("a").path((0, 2)).unlink()
    again = Results(results.out, ONCE)
    assert again.measured == {"b"} and not again.folder.rows("a").parts()
    by_tiles(again, "a", images["a"])
    again.finish()
    assert len(ResultsFolder.open(results.out).table()) == 50
