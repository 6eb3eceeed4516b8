import numpy as np
import pytest

from particleforge.quality.metric import METRICS, evaluate, judge


def discs(*radii):
    """(Y, X) labels of discs side by side, none at the border."""
    y, x = np.mgrid[:80, : 80 * len(radii)]
    labels = np.zeros(y.shape, np.uint32)
    for number, radius in enumerate(radii, 1):
        labels[(y - 40) ** 2 + (x - 80 * number + 40) ** 2 < radius**2] = number
    return labels


def test_what_is_right_is_without_error():
    labels = discs(10, 20, 15)
    found = evaluate([judge(labels, labels[::1].copy(), pixel_size_nm=2.0)])
    assert found.items() >= {"f1": 1.0, "count_error_percent": 0.0, "geometric_mean_error_percent": 0.0}.items()


def test_each_metric_sees_its_own_error():
    true, found = discs(10, 20, 15), discs(10, 20, 0)
    values = evaluate([judge(true, found)])
    assert values["f1"] == pytest.approx(4 / 5)
    assert values["count_error_percent"] == pytest.approx(-100 / 3)
    larger = evaluate([judge(discs(20, 20), discs(22, 22))])
    assert larger["f1"] == 1 and larger["count_error_percent"] == 0
    assert larger["geometric_mean_error_percent"] == pytest.approx(10, abs=0.5)


def test_images_are_taken_together():
    values = evaluate([judge(discs(10), discs(10)), judge(discs(10, 10), np.zeros((80, 160), np.uint32))])
    assert values["f1"] == pytest.approx(2 / 4)
    assert values["count_error_percent"] == pytest.approx(-200 / 3)


def test_sizes_are_compared_in_nm_where_all_pixel_sizes_are_known():
    """A disc of 39 px counts 4 in a field of 80 x 80 px and 8/3 in one of 80 x 160 px."""
    labels = [(discs(20), discs(20)), (discs(20, 20), discs(20, 0))]
    images = [judge(*image, pixel_size_nm=size) for image, size in zip(labels, (1.0, 4.0), strict=True)]
    true, found = (count * 8 / 3 / (4 + count * 8 / 3) for count in (2, 1))
    error = evaluate(images)["geometric_mean_error_percent"]
    assert error == pytest.approx(100 * (4 ** (found - true) - 1))
    unknown = [judge(*image) for image in labels]
    assert evaluate(unknown)["geometric_mean_error_percent"] == pytest.approx(0, abs=1e-9)


def test_nothing_at_all_gives_no_number():
    nothing = np.zeros((20, 20), np.uint32)
    assert evaluate([]) == dict.fromkeys(METRICS.names())
    found = evaluate([judge(nothing, nothing)])
    assert found.items() >= {"f1": 1.0, "count_error_percent": None, "geometric_mean_error_percent": None}.items()


@pytest.mark.parametrize("name", METRICS.names())
def test_every_metric_says_what_it_is(name):
    assert METRICS.get(name).TITLE and METRICS.summary(name)
