import csv
import json
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

from particleforge.errors import UserError
from particleforge.mask import Mask
from particleforge.outline import Outline
from particleforge.quality.metric import evaluate as evaluate_images
from particleforge.quality.metric import judge
from particleforge.schema import Schema
from particleforge.store.annotated import write_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.labels import read_labels, write_labels
from particleforge.store.whole_masks import write_whole
from particleforge.targets.outlines import Outlines
from particleforge.workflows._cases import cases
from particleforge.workflows.evaluate import EvaluateParams, evaluate
from particleforge.workflows.measure import MeasureParams, measure

FEW = EvaluateParams.parse({"precision": {"resamples": 100}, "gallery": 1})


@pytest.fixture(scope="module")
def folder(drawn, tmp_path_factory):
    """Six annotated images, one of them in part."""
    place = tmp_path_factory.mktemp("evaluate") / "discs"
    write_annotated(place, [drawn(seed, known=seed == 5) for seed in range(6)])
    return place


@pytest.fixture(scope="module")
def results(folder, tmp_path_factory):
    """What `measure` writes for these images, without one particle in the first."""
    place = tmp_path_factory.mktemp("results") / "worse"
    measure("threshold", folder / "images", place, MeasureParams(reports=False))
    path = place / "labels" / "discs_0.tif"
    labels = read_labels(path)
    write_labels(path, np.where(labels == 1, 0, labels))
    return place


def rows(out):
    with (out / "images.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_detectors_and_results_are_judged_on_a_folder(folder, results, tmp_path):
    done = evaluate(["threshold", results], [folder], tmp_path / "out", FEW)
    data = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert data == done.data
    found = data["datasets"]["discs"]
    assert found["images"] == 6 and list(found["values"]) == ["threshold", "worse"]
    first, second = (found["values"][name] for name in ("threshold", "worse"))
    assert first["f1"]["value"] == 1 and first["count_error_percent"]["value"] == 0
    assert second["f1"]["value"] == pytest.approx(2 * 26 / (2 * 26 + 1))
    assert found["differences"]["worse"]["f1"]["value"] == pytest.approx(second["f1"]["value"] - 1)
    assert second["f1"]["low"] <= second["f1"]["value"] <= second["f1"]["high"] == 1
    table = rows(tmp_path / "out")
    assert [(row["image"], row["detector"]) for row in table][6:8] == [("discs_0", "worse"), ("discs_1", "worse")]
    assert {(row["true"], row["found"]) for row in table if row["image"] == "discs_5"} == {("2", "2")}
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "worse on discs, discs_0: F1 0.89" in html and "differences from threshold" in html


def test_metrics_are_those_of_the_labels(folder, results, tmp_path):
    found = evaluate([results], [folder], tmp_path / "out", FEW).data["datasets"]["discs"]["values"]["worse"]
    images = []
    for path in sorted((folder / "labels").iterdir()):
        known = None
        if path.stem == "discs_5":
            known = (read_labels(path) > 0) | (read_labels(folder / "background" / path.name) > 0)
        images.append(judge(read_labels(path), read_labels(results / "labels" / path.name), known, 2.0))
    for name, value in evaluate_images(images).items():
        if not name.startswith("ap"):  # these need the scores of the table
            assert found[name]["value"] == (None if value is None else pytest.approx(value)), name


def test_an_interrupted_run_continues_where_it_stopped(folder, tmp_path):
    out = tmp_path / "out"
    step = evaluate.steps(["threshold"], [folder], out, FEW)
    while not (out / "found" / "threshold" / "discs" / "discs_2.json").exists():
        next(step)
    step.close()
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("*.json")}
    assert len(kept) == 3
    continued = evaluate(["threshold"], [folder], out, FEW)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    whole = evaluate(["threshold"], [folder], tmp_path / "whole", FEW)
    drop = {"seconds": None}
    assert continued.data["datasets"]["discs"] | drop == whole.data["datasets"]["discs"] | drop


def test_a_changed_image_is_searched_again(drawn, tmp_path):
    write_annotated(tmp_path / "a", [drawn(1)])
    evaluate(["threshold"], [tmp_path / "a"], tmp_path / "out", FEW)
    tifffile.imwrite(tmp_path / "a" / "images" / "discs_1.tif", np.tile(np.arange(120, dtype=np.uint8), (96, 1)))
    again = evaluate(["threshold"], [tmp_path / "a"], tmp_path / "out", FEW)
    assert again.data["datasets"]["a"]["values"]["threshold"]["f1"]["value"] < 1


def test_another_version_of_the_package_searches_again(drawn, tmp_path, monkeypatch):
    write_annotated(tmp_path / "a", [drawn(1)])
    evaluate(["threshold"], [tmp_path / "a"], tmp_path / "out", FEW)
    (kept,) = (tmp_path / "out" / "found").rglob("*.json")
    before = kept.stat().st_mtime_ns
    evaluate(["threshold"], [tmp_path / "a"], tmp_path / "out", FEW)
    assert kept.stat().st_mtime_ns == before
    monkeypatch.setattr("particleforge.workflows._candidates.version", lambda name: "later")
    evaluate(["threshold"], [tmp_path / "a"], tmp_path / "out", FEW)
    assert kept.stat().st_mtime_ns > before


def test_a_bad_image_does_not_end_the_run(drawn, folder, tmp_path):
    write_annotated(tmp_path / "mixed", [drawn(seed) for seed in range(3)])
    (tmp_path / "mixed" / "images" / "discs_1.tif").write_bytes(b"no image")
    done = evaluate(["threshold"], [tmp_path / "mixed"], tmp_path / "out", FEW)
    found = done.data["datasets"]["mixed"]
    assert found["images"] == 2 and list(found["failed"]["threshold"]) == ["discs_1"]
    assert done.report()["not_measured"] == 1
    assert [row["not_judged"] != "" for row in rows(tmp_path / "out")] == [False, False, True]
    assert "only the 2 images judged for all" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_results_that_lack_an_image_are_compared_on_the_others(folder, results, tmp_path):
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    for number in range(5):
        os.link(results / "labels" / f"discs_{number}.tif", lacking / f"discs_{number}.tif")
    done = evaluate(["threshold", lacking], [folder], tmp_path / "out", FEW)
    found = done.data["datasets"]["discs"]
    assert found["images"] == 5 and found["values"]["lacking"]["ap"]["value"] is None
    assert "no label image called discs_5" in found["failed"]["lacking"]["discs_5"]
    assert found["values"]["threshold"]["f1"] == {"value": 1.0, "low": None, "high": None}


def test_several_datasets_stand_after_the_detectors(drawn, folder, tmp_path):
    samples = [drawn(seed) for seed in range(3)]
    dataset = Dataset.create(tmp_path / "drawn.zarr", 3, samples[0].labels.shape, np.uint8, {})
    dataset.write_shard(0, samples)
    done = evaluate(["threshold", folder], [tmp_path / "drawn.zarr"], tmp_path / "out", FEW)
    assert {name: one["images"] for name, one in done.data["datasets"].items()} == {"discs": 6, "drawn.zarr": 3}


def test_options_go_to_the_detectors_that_have_them(folder, tmp_path):
    high = FEW.replace(options={"smallest": "200 px"})
    found = evaluate(["threshold", "base"], [folder], tmp_path / "out", high).data["datasets"]["discs"]["values"]
    assert found["threshold"]["f1"]["value"] < found["base"]["f1"]["value"]
    with pytest.raises(UserError, match="None of the detectors has the option 'smallest'"):
        evaluate(["base"], [folder], tmp_path / "other", high)


@pytest.mark.parametrize(
    ("models", "datasets", "message"),
    [
        (["threshold"], ["nowhere"], "nowhere is not a folder"),
        (["nowhere"], ["FOLDER"], "nowhere is not a folder"),
        (["FOLDER"], ["FOLDER"], "no detector to evaluate"),
        (["threshold", "threshold"], ["FOLDER"], "threshold is given twice"),
    ],
)
def test_what_cannot_be_judged_is_named(folder, tmp_path, models, datasets, message):
    models, datasets = ([folder if one == "FOLDER" else one for one in given] for given in (models, datasets))
    with pytest.raises(UserError, match=message):
        evaluate(models, datasets, tmp_path / "out", FEW)
    assert not (tmp_path / "out" / "evaluation.json").exists()


def test_whole_particles_are_compared_where_they_are_known(drawn, tmp_path):
    """Of two discs that overlap, one shows less than half: its visible part is found, the whole disc is not."""
    sample = drawn(0)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circles = [np.stack([40 + 20 * np.sin(angles), x + 20 * np.cos(angles)], axis=1) for x in (40, 52)]
    rows, columns = np.indices(sample.labels.shape)
    front, back = (np.hypot(rows - 40, columns - x) <= 20 for x in (40, 52))
    labels = np.where(front, 1, np.where(back, 2, 0)).astype(np.uint32)
    outlines = tuple(Outline(k, circle, share) for k, circle, share in zip((1, 2), circles, (1.0, 0.37), strict=True))
    whole = replace(sample, labels=labels, targets={"outlines": outlines})
    dataset = Dataset.create(
        tmp_path / "discs.zarr", 1, labels.shape, np.uint8, {}, schema=Schema(targets={"outlines": Outlines()})
    )
    dataset.write_shard(0, [whole])
    (tmp_path / "seen").mkdir()
    write_labels(tmp_path / "seen" / "discs_0.tif", labels)
    for particles, f1, names in (("whole", 0.5, ["discs_0"]), ("visible", 1.0, [])):
        params = FEW.replace(particles=particles)
        done = evaluate([tmp_path / "seen"], [tmp_path / "discs.zarr"], tmp_path / particles, params)
        found = done.data["datasets"]["discs.zarr"]
        assert found["values"]["seen"]["f1"]["value"] == f1 and found["whole"] == names
    write_whole(tmp_path / "seen" / "discs_0.tif", labels, {2: Mask.of(back)})
    done = evaluate([tmp_path / "seen"], [tmp_path / "discs.zarr"], tmp_path / "masks", FEW)
    assert done.data["datasets"]["discs.zarr"]["values"]["seen"]["f1"]["value"] == 1


def test_classes_of_drawn_particles_are_those_of_their_truth(drawn, tmp_path):
    names = ["rod", "round", "rod", "plate", "round"]
    sample = replace(drawn(0), truth=pd.DataFrame({"label": range(1, 6), "class": names}))
    dataset = Dataset.create(tmp_path / "drawn.zarr", 1, sample.labels.shape, np.uint8, {})
    dataset.write_shard(0, [sample])
    (truth,) = cases(tmp_path / "drawn.zarr", FEW)[0].read()
    assert truth.particles.classes == tuple(names)
    done = evaluate(["threshold"], [tmp_path / "drawn.zarr"], tmp_path / "out", FEW)  # it knows no classes
    assert done.data["datasets"]["drawn.zarr"]["values"]["threshold"]["ap50"]["value"] == pytest.approx(1)


@pytest.mark.slow
def test_several_processes_give_what_one_gives(folder, tmp_path):
    one = evaluate("threshold", folder, tmp_path / "one", FEW)
    two = evaluate("threshold", folder, tmp_path / "two", FEW.replace(workers=2, gallery=0))
    drop = {"seconds": None}
    assert two.data["datasets"]["discs"] | drop == one.data["datasets"]["discs"] | drop
    shown = (tmp_path / "two" / "report.html").read_text(encoding="utf-8")
    again = evaluate("threshold", folder, tmp_path / "two", FEW)  # another report of the same run
    assert again.data["datasets"] == two.data["datasets"]
    assert (tmp_path / "two" / "report.html").read_text(encoding="utf-8") != shown
