"""Very many particles are put together: figures are the same, intervals those of drawing every particle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.measurement.statistics import bootstrap, cells
from particleforge.measurement.statistics import drawn as drawn_module
from particleforge.measurement.statistics import figures as figures_module
from particleforge.measurement.statistics.bootstrap import Bootstrap, Precision, resampled, resampled_sums
from particleforge.measurement.statistics.cells import Cells, in_groups
from particleforge.measurement.statistics.density import Smoother
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.figures import NAMES, drawn_figures, size_figures
from particleforge.measurement.statistics.sizes import Sizes

COUNT = 6000


def sample(images=1, spread=0.4, count=COUNT):
    rng = np.random.default_rng(images)
    which = rng.integers(images, size=count)
    values = np.exp(3 + 0.2 * (which % 3 - 1) * (images > 1) + spread * rng.standard_normal(count))
    order = np.argsort(values)
    return Sizes(values[order], rng.uniform(0.5, 2, count), which[order], "nm")


@pytest.fixture
def many(monkeypatch):
    for module in (bootstrap, cells):
        monkeypatch.setattr(module, "MANY", 1000)
    monkeypatch.setattr(cells, "GROUPS", 500)
    monkeypatch.setattr(cells, "CELLS", 500)


def widths(sizes, resamples=1000):
    smoother = Smoother.of(sizes)
    found = Bootstrap(sizes, Precision(resamples=resamples), smoother.limits)
    return found.intervals(lambda drawn, weights: drawn_figures(drawn, weights, smoother))


@pytest.mark.slow
@pytest.mark.parametrize(("images", "spread"), [(1, 0.4), (1, 0.1), (12, 0.4)])
def test_intervals_are_those_of_drawing_every_particle(images, spread, monkeypatch):
    sizes = sample(images, spread)
    plain = widths(sizes)
    for module in (bootstrap, cells):
        monkeypatch.setattr(module, "MANY", 1000)
    monkeypatch.setattr(cells, "GROUPS", 2000)
    found = widths(sizes)
    smooth = np.array([name != "mode" for _, name in NAMES])
    width = (plain[1] - plain[0])[smooth]
    ratio = ((found[1] - found[0])[smooth]) / width
    np.testing.assert_allclose(ratio, 1, atol=0.15)
    assert abs(np.mean(ratio) - 1) < 0.06
    np.testing.assert_allclose((found.mean(axis=0) - plain.mean(axis=0))[smooth] / width, 0, atol=0.08)
    step = Smoother.of(sizes).limits[1] / Smoother.of(sizes).limits[0]
    np.testing.assert_allclose(np.log(found[:, ~smooth] / plain[:, ~smooth]), 0, atol=6 * np.log(step))


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_claim(many):
    rng, s, hits = np.random.default_rng(5), 0.4, []
    truth = np.array([np.exp(s**2 / 2), *np.exp(s * np.array([-1.2815516, 0, 1.2815516])), np.exp(s)])
    index = [NAMES.index(("number", name)) for name in ("mean", "d10", "d50", "d90", "gsd")]
    for _ in range(100):
        sizes = Sizes.equal(np.exp(s * rng.standard_normal(2000)))
        low, high = Bootstrap(sizes, Precision(resamples=200)).intervals(
            lambda drawn, weights: drawn_figures(drawn, weights, None)[:, index]
        )
        hits.append((low <= truth) & (truth <= high))
    assert all(0.87 <= rate <= 0.99 for rate in np.mean(hits, axis=0)), np.mean(hits, axis=0)


def test_figures_and_fits_do_not_depend_on_how_particles_are_drawn(many):
    sizes = sample()
    found = describe(sizes, Precision(resamples=100))
    np.testing.assert_array_equal(
        [found.figures[group][name].value for group, name in NAMES], size_figures(sizes, Smoother.of(sizes))
    )
    assert all(one.low <= one.value <= one.high for one in found.figures["number"].values())
    assert all(one.low <= one.value <= one.high for one in found.fit_intervals.values())


def test_figures_do_not_depend_on_how_many_sizes_are_computed_at_once(monkeypatch):
    sizes = sample()
    smoother = Smoother.of(sizes)
    whole = size_figures(sizes, smoother)
    monkeypatch.setattr(drawn_module, "_AT_ONCE", 700)
    monkeypatch.setattr(figures_module, "_AT_ONCE", 700)
    np.testing.assert_allclose(size_figures(sizes, smoother), whole, rtol=1e-9)


@given(st.integers(1, 300), st.integers(0, 2**32), st.booleans())
def test_the_sample_itself_has_the_same_sums_in_cells(count, seed, repeated):
    rng = np.random.default_rng(seed)
    values = np.sort(np.exp(rng.standard_normal(count)))
    values = np.sort(rng.choice(values[:3], count)) if repeated else values
    weights, limits = rng.uniform(0.5, 2, count), np.array([0.5, 1.0, 2.0])
    found = Cells.of(values, limits)
    assert (np.diff(found.values) > 0).all()
    assert (found.edges[:-1] <= found.values * (1 + 1e-12)).all() and (
        found.values <= found.edges[1:] * (1 + 1e-12)
    ).all()
    ((drawn, own),) = found.drawn(weights, np.arange(count), iter([np.ones((1, count))]))
    np.testing.assert_allclose(drawn.sums(own[None]), weights.sum())
    np.testing.assert_allclose(drawn.sums((own * found.values)[None]), weights @ values, rtol=0.01)
    tens = drawn.percentiles(own[None], np.array([0.0001, 0.5, 0.9999])).ravel()
    assert values[0] * (1 - 1e-12) <= tens[0] and tens[2] <= values[-1] * (1 + 1e-12)


def test_groups_hold_equally_many_whole_units(many):
    units = np.repeat(np.arange(9000), 3)[np.random.default_rng(0).permutation(27_000)]
    groups = in_groups(units)
    assert len(np.unique(np.stack([units, groups]), axis=1).T) == 9000
    counts = np.bincount(groups)
    assert counts.min() >= 3 * (9000 // cells.GROUPS) and len(counts) == cells.GROUPS


def test_intervals_of_sums_are_those_of_drawing_every_unit(monkeypatch):
    rng = np.random.default_rng(8)
    units = rng.integers(3000, size=9000)
    columns = np.stack([np.exp(0.5 * rng.standard_normal(3000))[units] * rng.random(9000), np.ones(9000)])
    precision = Precision(resamples=2000)

    def ratio(sums):
        return sums[:, :1] / sums[:, 1:]

    plain = resampled(units, lambda times: ratio(times @ columns.T), precision)
    np.testing.assert_allclose(resampled_sums(units, columns, ratio, precision), plain, rtol=1e-12)
    monkeypatch.setattr(cells, "MANY", 1000)
    monkeypatch.setattr(cells, "GROUPS", 1000)
    found = resampled_sums(units, columns, ratio, precision)
    np.testing.assert_allclose(found, plain, atol=0.12 * float(np.ptp(plain)))
