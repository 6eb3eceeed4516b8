"""Average precision is that of pycocotools."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from particleforge.quality.average_precision import (
    ANY_SIZE,
    LARGE,
    MEDIUM,
    RECALLS,
    SMALL,
    THRESHOLDS,
    average_precision,
    grade,
    precision_at_recall,
)
from particleforge.quality.instances import Instances

RANGES = {"all": ANY_SIZE, "small": SMALL, "medium": MEDIUM, "large": LARGE}


def coco_of(truth, found, names):
    """Truth as a COCO file, results as a list: truth (mask, class, crowd), found (mask, class, score) per image."""
    shapes = [masks[0][0].shape if masks else (1, 1) for masks in truth]
    images = [{"id": 1 + k, "height": shape[0], "width": shape[1]} for k, shape in enumerate(shapes)]
    annotations, results = [], []
    for k, (own, others) in enumerate(zip(truth, found, strict=True)):
        for mask, name, crowd in own:
            rle = coco_masks.encode(np.asfortranarray(mask.astype(np.uint8)))
            about = {"image_id": k + 1, "category_id": 1 + names.index(name), "segmentation": rle}
            about |= {"iscrowd": int(crowd), "area": int(mask.sum()), "bbox": list(coco_masks.toBbox(rle))}
            annotations.append({"id": len(annotations) + 1, **about})
        for mask, name, score in others:
            rle = coco_masks.encode(np.asfortranarray(mask.astype(np.uint8)))
            results.append(
                {"image_id": k + 1, "category_id": 1 + names.index(name), "segmentation": rle, "score": score}
            )
    categories = [{"id": 1 + k, "name": name} for k, name in enumerate(names)]
    return {"info": {}, "images": images, "annotations": annotations, "categories": categories}, results


def by_pycocotools(truth, found, names):
    """Precision (T, R, K) by range of areas."""
    data, results = coco_of(truth, found, names)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = data
        coco.createIndex()
        rated = COCOeval(coco, coco.loadRes(results) if results else COCO(), "segm")
        if not results:
            rated.cocoDt.dataset = {**data, "annotations": []}
            rated.cocoDt.createIndex()
            rated.params.imgIds, rated.params.catIds = sorted(coco.getImgIds()), sorted(coco.getCatIds())
        rated.params.maxDets = [1, 10, 10_000]
        rated.evaluate()
        rated.accumulate()
    return {name: rated.eval["precision"][:, :, :, rated.params.areaRngLbl.index(name), 2] for name in RANGES}


def instances(masks, names):
    """Particles of an image; the last value of each is a score if it is a number, else whether it is a region."""
    given = Instances.of_pixels([np.nonzero(mask) for mask, *_ in masks], masks[0][0].shape)
    classes = tuple(name for _, name, _ in masks)
    last = np.array([value for *_, value in masks])
    about = {"regions": last} if last.dtype == bool else {"scores": last.astype(float)}
    return Instances(given.shape, given.runs, classes=classes, **about)


def nothing(shape, **about):
    return Instances(shape, Instances.of_pixels([], shape).runs, classes=(), **about)


def graded(truth, found, names, areas):
    images = []
    for own, others in zip(truth, found, strict=True):
        shape = (own or others)[0][0].shape if own or others else (1, 1)
        true = instances(own, names) if own else nothing(shape)
        seen = instances(others, names) if others else nothing(shape, scores=np.zeros(0))
        images.append(grade(true, seen, areas))
    return images


def check(truth, found, names):
    """Compare curves and averages for all ranges of areas."""
    for name, precision in by_pycocotools(truth, found, names).items():
        images = graded(truth, found, names, RANGES[name])
        for number, label in enumerate(names):
            own = precision_at_recall([image[label] for image in images if label in image])
            expected = precision[:, :, number]
            if (expected == -1).all():
                assert own is None
            else:
                np.testing.assert_allclose(own, expected, rtol=0, atol=1e-9)
        known = precision[precision > -1]
        mean = average_precision(images)
        assert (mean is None) == (known.size == 0)
        assert mean is None or mean == pytest.approx(known.mean(), abs=1e-6)
        at_half = precision[0][precision[0] > -1]
        assert known.size == 0 or average_precision(images, [0]) == pytest.approx(at_half.mean(), abs=1e-6)


def disc(shape, y, x, radius):
    rows, columns = np.indices(shape)
    return np.hypot(rows - y, columns - x) <= radius


def scene(seed, names, shape=(150, 160), count=14):
    """Discs that overlap, of all sizes, and what a detector might find of them."""
    rng = np.random.default_rng(seed)
    true, found = [], []
    for _ in range(count):
        y, x = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        radius = rng.choice([rng.uniform(2, 12), rng.uniform(15, 40), rng.uniform(55, 70)])
        name = names[rng.integers(len(names))]
        true.append((disc(shape, y, x, radius), name, bool(rng.random() < 0.12)))
        for _ in range(rng.choice([0, 1, 1, 2])):
            dy, dx, dr = rng.normal(0, 0.1 * radius, 3)
            called = name if rng.random() < 0.8 else names[rng.integers(len(names))]
            mask = disc(shape, y + dy, x + dx, max(1.5, radius + dr))
            found.append((mask, called, float(rng.choice([0.2, 0.5, 0.5, 0.9, rng.random()]))))
    found = [one for one in found if one[0].any()]
    true = [one for one in true if one[0].any()]
    return true, found


@pytest.mark.parametrize("names", [["particle"], ["rod", "round", "plate"]])
@pytest.mark.parametrize("seed", range(4))
def test_masks_that_overlap_with_regions_ties_and_classes(seed, names):
    truth, found = zip(*(scene(10 * seed + k, names) for k in range(3)), strict=True)
    check(list(truth), list(found), names)


def test_images_without_truth_or_without_finds():
    names = ["rod", "round"]
    (one, seen), (other, _) = scene(1, names), scene(2, names)
    check([one, [], other, []], [seen, seen, [], []], names)
    check([one], [[]], names)


masks = arrays(bool, (6, 7)).filter(lambda mask: mask.any())
kinds = st.sampled_from(["a", "b"])
truths = st.lists(st.tuples(masks, kinds, st.sampled_from([False, False, True])), max_size=4)
finds = st.lists(st.tuples(masks, kinds, st.sampled_from([0.1, 0.5, 0.5, 0.7])), max_size=5)


@settings(max_examples=60)
@given(st.lists(st.tuples(truths, finds), min_size=1, max_size=3))
def test_any_masks(images):
    check([list(true) for true, _ in images], [list(found) for _, found in images], ["a", "b"])


@given(arrays(np.uint8, (9, 8), elements=st.integers(0, 5)), arrays(np.uint8, (9, 8), elements=st.integers(0, 5)))
def test_what_is_found_exactly_has_an_average_precision_of_one(labels, other):
    scores = {label: 1 - label / 10 for label in range(1, 6)}
    own = grade(Instances.of_labels(labels), Instances.of_labels(labels, scores))
    assert average_precision([own]) == (pytest.approx(1) if labels.any() else None)
    mixed = average_precision([grade(Instances.of_labels(labels), Instances.of_labels(other, scores))])
    assert mixed is None or 0 <= mixed <= 1


def test_thresholds_and_recalls_are_those_of_coco():
    params = COCOeval(iouType="segm").params
    np.testing.assert_array_equal(THRESHOLDS, params.iouThrs)
    np.testing.assert_array_equal(RECALLS, params.recThrs)
    assert params.areaRng == [list(ANY_SIZE), list(SMALL), list(MEDIUM), list(LARGE)]


def test_classes_do_not_matter_where_one_side_does_not_know_them():
    labels = np.array([[1, 1, 0, 2, 2]])
    true = Instances(*(lambda one: (one.shape, one.runs))(Instances.of_labels(labels)), classes=("rod", "round"))
    found = grade(true, Instances.of_labels(labels, {1: 0.5, 2: 0.4}))
    assert list(found) == [""] and average_precision([found]) == pytest.approx(1)


def test_particles_without_scores_cannot_be_graded():
    labels = np.array([[1, 0, 2]])
    with pytest.raises(ValueError, match="without scores"):
        grade(Instances.of_labels(labels), Instances.of_labels(labels))
