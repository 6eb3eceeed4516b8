"""`evaluate` agrees with pycocotools on files in COCO's format."""

import contextlib
import io
import json

import numpy as np
import pytest
import tifffile
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from particleforge.errors import UserError
from particleforge.store.exchange import coco as exchange
from particleforge.workflows.evaluate import EvaluateParams, evaluate

FEW = EvaluateParams.parse({"precision": {"resamples": 100}, "gallery": 1})
STATS = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large")
SHAPE = (150, 170)


def by_pycocotools(truth, results):
    """COCO's six averages without its limit of 100 particles in an image, by name; None where there are none."""
    with contextlib.redirect_stdout(io.StringIO()):
        true = COCO(str(truth))
        rated = COCOeval(true, true.loadRes(str(results)), "segm")
        rated.params.maxDets = [1, 10, 10_000]
        rated.evaluate()
        rated.accumulate()
    precision = rated.eval["precision"][..., 2]
    parts = [precision[..., 0], precision[:1, ..., 0], precision[5:6, ..., 0], *(precision[..., k] for k in (1, 2, 3))]
    known = {name: part[part > -1] for name, part in zip(STATS, parts, strict=True)}
    return {name: float(part.mean()) if part.size else None for name, part in known.items()}


def segmentation(y, x, radius):
    """A disc as plain run lengths, as foreign programs write them."""
    rows, columns = np.indices(SHAPE)
    flat = (np.hypot(rows - y, columns - x) <= radius).astype(int).ravel(order="F")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat, [0]])))
    return {"size": list(SHAPE), "counts": np.diff([0, *edges, len(flat)]).tolist()}


def compressed(mask):
    """The same run lengths as text, which pycocotools needs in results."""
    return {"size": mask["size"], "counts": masks.frPyObjects(mask, *SHAPE)["counts"].decode()}


def area(mask):
    return sum(mask["counts"][1::2])


@pytest.fixture
def foreign(tmp_path):
    """A COCO file of a foreign program and results: overlaps, regions, classes, ties, empty images."""
    rng = np.random.default_rng(3)
    images, annotations = [], []
    results = [{"image_id": 12, "category_id": 5, "score": 0.9, "segmentation": compressed(segmentation(50, 50, 20))}]
    (tmp_path / "pictures").mkdir()
    for image, count in ((7, 12), (11, 12), (12, 0), (40, 12)):
        name = f"pictures/photo {image}.tif"
        tifffile.imwrite(tmp_path / name, rng.integers(0, 255, SHAPE).astype(np.uint8))
        images.append({"id": image, "file_name": name, "height": SHAPE[0], "width": SHAPE[1]})
        for _ in range(count):
            place, radius = rng.uniform(20, 130, 2), rng.choice([8, 15, 30, 70]) * rng.uniform(0.8, 1.2)
            mask, category = segmentation(*place, radius), int(rng.choice([3, 5, 90]))
            about = {"id": 100 + len(annotations), "image_id": image, "category_id": category, "bbox": [0, 0, 1, 1]}
            crowd = int(rng.random() < 0.15)
            annotations.append({**about, "iscrowd": crowd, "segmentation": mask, "area": area(mask)})
            for _ in range(0 if image == 40 else rng.integers(0, 3)):
                mask = segmentation(*(place + rng.normal(size=2)), radius * rng.uniform(0.85, 1.1))
                called, score = int(rng.choice([category, category, 3])), float(rng.choice([0.3, 0.6, 0.6]))
                results.append(
                    {"image_id": image, "category_id": called, "score": score, "segmentation": compressed(mask)}
                )
    categories = [{"id": key, "name": name} for key, name in ((3, "rod"), (5, "round"), (90, "plate"))]
    content = {"info": {}, "images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "truth.json").write_text(json.dumps(content))
    (tmp_path / "seen.json").write_text(json.dumps(results))
    return tmp_path


def check(values, expected):
    assert expected["ap"] is not None
    for name in STATS:
        if expected[name] is None:
            assert values[name]["value"] is None
        else:
            assert values[name]["value"] == pytest.approx(expected[name], abs=1e-6), name


def test_a_foreign_file_with_regions_classes_ties_and_empty_images(foreign, tmp_path):
    done = evaluate([foreign / "seen.json"], [foreign / "truth.json"], tmp_path / "out", FEW)
    found = done.data["datasets"]["truth.json"]
    assert found["images"] == 4 and not any(found["failed"].values())
    expected = by_pycocotools(foreign / "truth.json", foreign / "seen.json")
    assert 0.05 < expected["ap"] < 0.95
    check(found["values"]["seen.json"], expected)
    shown = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Average precision over the classes plate, rod, round." in shown


def test_what_a_detector_finds_in_our_own_images(drawn, tmp_path):
    """Partly annotated images and labels, exported with what a detector found in them."""
    samples = [drawn(seed, known=seed % 2 == 0) for seed in range(4)]
    exchange.write(samples, tmp_path / "ours")
    done = evaluate(["threshold"], [tmp_path / "ours"], tmp_path / "out", FEW)
    results = []
    for number, sample in enumerate(samples, 1):
        kept = json.loads((tmp_path / "out" / "found" / "threshold" / "ours" / f"{sample.name}.json").read_text())
        for score, counts in zip(kept["score"], kept["counts"], strict=True):
            segmentation = {"size": kept["size"], "counts": counts}
            results.append({"image_id": number, "category_id": 1, "score": score, "segmentation": segmentation})
    (tmp_path / "results.json").write_text(json.dumps(results))
    expected = by_pycocotools(tmp_path / "ours" / "instances.json", tmp_path / "results.json")
    check(done.data["datasets"]["ours"]["values"]["threshold"], expected)
    again = evaluate([tmp_path / "results.json"], [tmp_path / "ours"], tmp_path / "again", FEW)
    check(again.data["datasets"]["ours"]["values"]["results.json"], expected)


def changed(path, **fields):
    """Change the first entry of a list of results."""
    first, *others = json.loads(path.read_text())
    path.write_text(json.dumps([first | fields, *others]))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"score": "high"}, "has the score 'high'; a number is needed"),
        ({"category_id": 4}, "has the category_id 4, which is not listed"),
        ({"segmentation": {"size": [9, 9], "counts": [81]}}, "has run lengths for an image of size"),
    ],
)
def test_a_wrong_result_is_named_and_its_image_left_out(foreign, tmp_path, fields, message):
    changed(foreign / "seen.json", **fields)
    done = evaluate([foreign / "seen.json"], [foreign / "truth.json"], tmp_path / "out", FEW)
    failed = done.data["datasets"]["truth.json"]["failed"]["seen.json"]
    assert list(failed) == ["photo 12"] and message in failed["photo 12"]


def test_results_need_the_file_with_their_images(foreign, drawn, tmp_path):
    from particleforge.store.annotated import write_annotated

    write_annotated(tmp_path / "folder", [drawn(0)])
    with pytest.raises(UserError, match="is not a COCO file"):
        evaluate([foreign / "seen.json"], [tmp_path / "folder"], tmp_path / "out", FEW)
