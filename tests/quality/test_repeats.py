import numpy as np
import pytest
from scipy import stats

from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.quality.assessment import assess
from particleforge.quality.metric import METRICS, judge
from particleforge.quality.repeats import over_seeds, repeats, spread
from particleforge.quality.repeats_report import repeats_report
from particleforge.step import run

FEW = Precision(resamples=100)
F1 = METRICS.get("f1")


def image(rng, found, true=10):
    """An image with squares, of which a number is found."""
    labels = np.kron(np.arange(1, true + 1).reshape(2, -1), np.pad(np.ones((4, 4), int), 2))
    return judge(labels, np.where(labels <= found, labels, 0))


def arm(seed, share, seeds=4, images=12):
    """Judged images for each seed; images differ in difficulty, the same for all seeds and arms."""
    hard = np.random.default_rng(7).uniform(0.6, 1, images)
    rng = np.random.default_rng(seed)
    return [[image(rng, rng.binomial(10, share * part)) for part in hard] for _ in range(seeds)]


def f1s(seeds):
    return np.array([[one.score.f1 for one in images] for images in seeds])


def pooled(seeds):
    """F1 of each seed over all images, by hand."""
    hits = np.array([[one.score.hits for one in images] for images in seeds]).sum(axis=1)
    return 2 * hits / (hits + 10 * len(seeds[0]))


def test_means_and_intervals_over_seeds_are_those_of_scipy():
    one, other = arm(1, 0.7), arm(2, 0.9)
    found = run(repeats({"one": one, "other": other}, FEW))
    spread = found.values["other"]["f1"]
    np.testing.assert_allclose(spread.values, pooled(other))
    assert spread.mean == pytest.approx(pooled(other).mean())
    assert spread.sd == pytest.approx(np.std(pooled(other), ddof=1))
    expected = stats.t.interval(0.95, 3, loc=spread.mean, scale=stats.sem(pooled(other)))
    np.testing.assert_allclose(spread.over_seeds, expected)
    paired = stats.ttest_rel(pooled(other), pooled(one))
    difference = found.differences["other"]["f1"]
    assert difference.p_seeds == pytest.approx(paired.pvalue)
    np.testing.assert_allclose(difference.over_seeds, paired.confidence_interval(0.95))


def test_exchanging_images_is_the_permutation_test_of_scipy():
    """Every image holds as many true particles, so with one seed the pooled recall is a mean over images."""
    one, other = arm(3, 0.75, seeds=1), arm(4, 0.85, seeds=1)
    found = spread([one, other], F1, Precision(resamples=4000))

    def statistic(a, b):
        def f1(hits):
            return 2 * hits.sum() / (hits.sum() + 10 * len(hits))

        return f1(a) - f1(b)

    hits = [np.array([picture.score.hits for picture in seeds[0]]) for seeds in (other, one)]
    exact = stats.permutation_test(hits, statistic, permutation_type="samples", n_resamples=np.inf)
    assert found.p_images == pytest.approx(exact.pvalue, abs=0.03)
    assert found.p_seeds is None and found.sd is None


def test_intervals_over_images_are_those_of_a_bootstrap_of_scipy():
    seeds = arm(5, 0.8, seeds=2, images=40)
    found = spread([seeds], F1, Precision(resamples=2000))

    def mean_f1(index):
        hits = np.array([[one.score.hits for one in images] for images in seeds])[:, index.astype(int)]
        total = hits.sum(axis=1)
        return np.mean(2 * total / (total + 10 * hits.shape[1]))

    expected = stats.bootstrap(
        (np.arange(40),), mean_f1, n_resamples=2000, vectorized=False, method="percentile", rng=np.random.default_rng(0)
    )
    width = expected.confidence_interval.high - expected.confidence_interval.low
    assert found.over_images == pytest.approx(tuple(expected.confidence_interval), abs=0.12 * width)


def test_intervals_over_seeds_hold_as_often_as_stated():
    rng = np.random.default_rng(0)
    held = [low <= 0 <= high for low, high in (over_seeds(rng.normal(size=4), FEW) for _ in range(2000))]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


def test_equal_arms_do_not_differ():
    seeds = arm(6, 0.8)
    difference = spread([seeds, seeds], F1, FEW)
    assert difference.mean == 0 and difference.over_images == (0, 0)
    assert difference.p_seeds == difference.p_images == 1


def test_the_report_says_which_interval_is_which():
    found = {"set": run(repeats({"one": arm(1, 0.7), "other": arm(2, 0.9)}, FEW))}
    report = repeats_report(found, 4, FEW, {})
    titles = [table.title for table in report.tables]
    assert titles == ["one on set (12 images)", "other on set (12 images)", "other less one on set"]
    assert report.tables[0].head == ("", "Mean", "SD", "Interval over seeds", "Interval over images")
    assert "other trainings" in report.rules["Over seeds"] and "other images" in report.rules["Over images"]


def test_paired_differences_are_narrower_than_values():
    """Both find the same images difficult, so their difference is known better than either."""
    one, other = (arm(seed, share, seeds=1, images=30)[0] for seed, share in ((8, 0.8), (8, 0.9)))
    found = run(assess({"one": one, "other": other}, FEW))
    value, difference = found.values["other"]["f1"], found.differences["other"]["f1"]
    assert difference.value == pytest.approx(value.value - found.values["one"]["f1"].value)
    assert difference.high - difference.low < value.high - value.low


def test_few_images_have_no_interval():
    found = run(assess({"one": arm(1, 0.7, seeds=1, images=5)[0]}, FEW))
    assert found.values["one"]["f1"].low is None and found.values["one"]["f1"].value is not None
