import math
from typing import Annotated

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from particleforge.draws import (
    Choice,
    Draw,
    Empirical,
    LogNormal,
    LogUniform,
    Mixture,
    Normal,
    OneOf,
    PerImage,
    PerParticle,
    Uniform,
    Weibull,
    Within,
    draw,
    draw_many,
    fix,
    number,
    with_probability,
)
from particleforge.errors import UserError
from particleforge.params import Params

reals = st.floats(-1e3, 1e3)
positive = st.floats(1e-3, 1e3)
values = st.lists(reals, min_size=1, max_size=8).map(tuple)
ranges = st.tuples(reals, reals).map(sorted)


def cut_normals(args):
    mean, sd, (low, high) = args
    return Normal(mean=mean, sd=sd, low=low, high=high)


simple = st.one_of(
    ranges.map(lambda pair: Uniform(low=pair[0], high=pair[1])),
    st.tuples(reals, positive, ranges.filter(lambda pair: pair[0] < pair[1])).map(cut_normals),
    st.builds(Normal, mean=reals, sd=positive),
    st.lists(positive, min_size=2, max_size=2).map(lambda pair: LogUniform(low=min(pair), high=max(pair))),
    st.builds(LogNormal, median=positive, gsd=st.floats(1, 3)),
    st.builds(Weibull, scale=positive, shape=st.floats(0.5, 20)),
    st.builds(Choice, values=values),
    st.builds(Empirical, values=values),
)
mixtures = st.lists(st.tuples(simple, positive), min_size=1, max_size=3).map(
    lambda parts: Mixture(parts=tuple(p for p, _ in parts), weights=tuple(w for _, w in parts))
)


class Inner(Params):
    noise: Annotated[Draw, PerImage()] = Uniform(low=2, high=3)
    tilt: Annotated[Draw, PerParticle()] = Uniform(low=2, high=3)


class Outer(Params):
    overlap: Annotated[Draw, PerImage(), Within(0, 0.95)] = 0.5
    count: Annotated[Draw | None, PerImage(), Within(0, 100)] = None
    angle_deg: Annotated[Draw, PerParticle(), Within(-360, 360)] = Uniform(low=0, high=360)
    free: Draw = Uniform()
    inner: Inner = Inner()


@given(simple | mixtures, st.integers(0, 2**32))
def test_samples_lie_in_the_support(distribution, seed):
    drawn = distribution.sample(np.random.default_rng(seed), 200)
    low, high = distribution.support
    assert drawn.shape == (200,)
    assert drawn.dtype == np.float64
    assert np.isfinite(drawn).all()
    assert low <= drawn.min()
    assert drawn.max() <= high


@given(simple | mixtures)
def test_plain_data_and_back(distribution):
    assert Outer.parse({"free": distribution.model_dump(mode="json")}).free == distribution


def test_lognormal_has_its_median_and_gsd():
    drawn = np.log(LogNormal(median=26, gsd=1.4).sample(np.random.default_rng(0), 40_000))
    assert math.exp(np.median(drawn)) == pytest.approx(26, rel=0.01)
    assert math.exp(np.std(drawn)) == pytest.approx(1.4, rel=0.01)
    assert set(LogNormal(median=26, gsd=1).sample(np.random.default_rng(0), 5)) == {26}


@pytest.mark.parametrize(
    ("distribution", "oracle"),
    [
        (Normal(mean=5, sd=2, low=4, high=10), stats.truncnorm(-0.5, 2.5, 5, 2)),
        (Normal(mean=0, sd=1, low=3), stats.truncnorm(3, np.inf)),
        (Normal(mean=-2, sd=3), stats.norm(-2, 3)),
        (LogNormal(median=3, gsd=1.5), stats.lognorm(np.log(1.5), scale=3)),
        (Weibull(scale=4, shape=1.7), stats.weibull_min(1.7, scale=4)),
        (Uniform(low=-1, high=3), stats.uniform(-1, 4)),
        (LogUniform(low=0.5, high=50), stats.loguniform(0.5, 50)),
        (Empirical(values=(0, 1, 3)), stats.rv_histogram((np.array([1, 1]), np.array([0.0, 1, 3])), density=False)),
    ],
)
def test_samples_follow_scipys_distributions(distribution, oracle):
    drawn = distribution.sample(np.random.default_rng(1), 4000)
    assert stats.kstest(drawn, oracle.cdf).pvalue > 0.01


def test_choice_and_mixture_keep_their_shares():
    rng = np.random.default_rng(2)
    drawn = Choice(values=(0, 0, 0.3)).sample(rng, 30_000)
    assert np.mean(drawn == 0) == pytest.approx(2 / 3, abs=0.01)
    mixed = Mixture(parts=(Choice(values=(1,)), Uniform(low=5, high=6)), weights=(1, 3)).sample(rng, 30_000)
    assert np.mean(mixed == 1) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("uniform(0.8, 1.2)", {"kind": "uniform", "low": 0.8, "high": 1.2}),
        ("uniform(high=3)", {"kind": "uniform", "high": 3}),
        (" normal( 5 , sd = 2 ) ", {"kind": "normal", "mean": 5, "sd": 2}),
        ("normal(5, 2, 1, 9)", {"kind": "normal", "mean": 5, "sd": 2, "low": 1, "high": 9}),
        ("lognormal(26, 1.4)", {"kind": "lognormal", "median": 26, "gsd": 1.4}),
        ("weibull(4, 1.7)", {"kind": "weibull", "scale": 4, "shape": 1.7}),
        ("choice(0, 0, .3)", {"kind": "choice", "values": [0, 0, 0.3]}),
        ("empirical(1, 2, 4)", {"kind": "empirical", "values": [1, 2, 4]}),
        ("1e-3", 0.001),
    ],
)
def test_the_short_form_is_the_long_form(text, data):
    short, long = Outer.parse({"free": text}), Outer.parse({"free": data})
    assert short == long
    assert short.free != Outer().free


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("unifrm(0, 1)", "'unifrm' is not a distribution; available: uniform, loguniform"),
        ("uniform(0, 1, 2)", r"uniform takes 2 numbers \(low, high\), not 3"),
        ("uniform(1, low=0)", "given twice"),
        ("uniform(2, 1)", "low 2.0 is above high 1.0"),
        ("normal(0, 1, low=2, high=2)", "no number can be drawn between low 2.0 and high 2.0"),
        ("normal(5, 0, high=4)", "no number can be drawn between"),
        ("lognormal(1, gsd=0.5)", "gsd = '0.5': Input should be greater than or equal to 1"),
        ("lognormal(1, gdd=2)", "Did you mean 'gsd'?"),
        ("mixture(1, 2)", "no short form"),
        ("many", "neither a number nor a distribution"),
        (None, "neither a number nor a distribution"),
        ([1, 2], "neither a number nor a distribution"),
        ({"kind": "gauss"}, "'gauss' is not a distribution"),
        ({"kind": "choice", "values": []}, "values"),
        ({"kind": "mixture", "parts": [{"kind": "uniform"}], "weights": [1, 2]}, "1 parts but 2 weights"),
        (float("nan"), "finite"),
    ],
)
def test_an_invalid_draw_is_refused_in_plain_words(value, message):
    with pytest.raises(UserError, match=message) as caught:
        Outer.parse({"free": value})
    assert "free" in str(caught.value)
    assert "union" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.5, "overlap = 1.5: it is 1.5; the allowed range is 0 to 0.95."),
        (-0.1, "it is -0.1; the allowed range is 0 to 0.95."),
        ("uniform(0, 2)", "it reaches from 0 to 2; the allowed range is 0 to 0.95."),
        ("normal(0.5, 0.1)", "it reaches from -inf to inf; the allowed range is 0 to 0.95."),
        ("choice(0.2, 4)", "it reaches from 0.2 to 4; the allowed range is 0 to 0.95."),
    ],
)
def test_within_names_the_value_and_the_limit(value, message):
    with pytest.raises(UserError) as caught:
        Outer.parse({"overlap": value})
    assert message in str(caught.value)


@given(simple | mixtures)
def test_within_lets_nothing_else_through(distribution):
    low, high = distribution.support
    assume(not (low >= 0 and high <= 0.95))
    with pytest.raises(UserError, match=r"the allowed range is 0 to 0.95"):
        Outer.parse({"overlap": distribution})


def test_within_lets_limits_and_nothing_through():
    assert Outer.parse({"overlap": "uniform(0, 0.95)", "count": None}).count is None


@given(st.integers(0, 2**32))
def test_fix_replaces_what_is_drawn_per_image_and_nothing_else(seed):
    params = Outer(overlap=Uniform(low=0.1, high=0.2), count=Choice(values=(3, 4)))
    fixed = fix(params, np.random.default_rng(seed))
    assert 0.1 <= fixed.overlap <= 0.2
    assert fixed.count in (3, 4)
    assert 2 <= fixed.inner.noise <= 3
    assert (fixed.angle_deg, fixed.free, fixed.inner.tilt) == (params.angle_deg, params.free, params.inner.tilt)
    assert fix(fixed, np.random.default_rng(seed + 1)) == fixed


def test_fix_leaves_what_is_empty():
    assert fix(Outer(), np.random.default_rng(0)).count is None


def test_numbers_out_of_draws():
    rng = np.random.default_rng(0)
    assert draw(3, rng) == 3.0
    assert 0 <= draw(Uniform(), rng) <= 1
    assert draw_many(2, rng, 3).tolist() == [2, 2, 2]
    assert len(set(draw_many(Uniform(), rng, 50))) == 50
    assert number(2) == 2.0
    for value in (Uniform(), None):
        with pytest.raises(TypeError, match="was not fixed"):
            number(value)


class Small(Params):
    size: Annotated[Draw, PerImage()] = Uniform(low=1, high=2)


class Chosen(Params):
    parts: Annotated[tuple[Small, ...], OneOf()] = (Small(), Small(size=7))


def test_one_alternative_is_chosen_and_fixed():
    drawn = [fix(Chosen(), np.random.default_rng(seed)).parts for seed in range(200)]
    assert {len(parts) for parts in drawn} == {1}
    sizes = np.array([parts[0].size for parts in drawn])
    assert np.mean(sizes == 7) == pytest.approx(0.5, abs=0.12)
    assert ((sizes == 7) | ((sizes >= 1) & (sizes <= 2))).all()


def test_a_value_with_a_probability_is_zero_otherwise():
    drawn = with_probability(0.2, Uniform(low=3, high=4)).sample(np.random.default_rng(0), 20_000)
    assert np.mean(drawn > 0) == pytest.approx(0.2, abs=0.01)
    assert drawn[drawn > 0].min() >= 3
