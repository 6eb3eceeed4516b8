"""Every parameter class goes through its form unchanged, whatever its values."""

import importlib
import inspect
import math
import pkgutil
from functools import cache
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

import particleforge
from particleforge.draws import (
    Choice,
    Draw,
    Empirical,
    LogNormal,
    LogUniform,
    Mixture,
    Normal,
    PerImage,
    Uniform,
    Weibull,
    Within,
)
from particleforge.params import Params
from particleforge.recipes.wrapper import Wrapper
from particleforge.widgets.form import ParamsForm
from particleforge.widgets.form.section import Fold
from particleforge.widgets.form.spec import Spec, fields, is_model


class Point(Params):
    x_nm: float = 0.0
    name: str | None = None


class Odd(Params):
    """What no class of the package has yet."""

    path: Path = Path("a/b")
    maybe_path: Path | None = None
    points: tuple[Point, ...] = (Point(), Point(x_nm=1e-9))
    maybe_points: list[Point] | None = None
    point: Point | None = None
    pair: tuple[int, float] | None = (10**30, 1e-4)
    names: tuple[str, ...] = ("a", "b, c")
    switch: bool | None = None
    text: str = "two\nlines"
    huge: int = 10**40
    tiny: float = 5e-324
    anything: dict[str, int] = {"a": 1}
    draw: Annotated[Draw, PerImage(), Within(0, 1)] | None = Field(None, description="A draw or none.")


def concrete_classes():
    for info in pkgutil.walk_packages(particleforge.__path__, "particleforge."):
        if (
            not info.name.startswith(("particleforge.widgets", "particleforge.sample_data"))
            and "__main__" not in (info.name.rpartition(".")[2])
        ):
            importlib.import_module(info.name)
    found, todo = [], [Params]
    while todo:
        children = todo.pop().__subclasses__()
        todo += children
        found += [cls for cls in children if not inspect.isabstract(cls) and cls not in found]
    mine = [cls for cls in found if cls.__module__.startswith("particleforge.")]
    return [*sorted(mine, key=lambda cls: (cls.__module__, cls.__name__)), Point, Odd]


CLASSES = concrete_classes()
every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def default(cls):
    try:
        return cls()
    except ValidationError:
        return None


def floats(low, high):
    ends = [None if math.isinf(end) else end for end in (low, high)]
    return st.floats(*ends, allow_nan=False, allow_infinity=False)


def valid(strategy, check):
    """Only those values a class or type accepts, in the form it gives them."""

    def checked(value):
        try:
            return [check(value)]
        except ValidationError:
            return []

    return strategy.map(checked).filter(bool).map(lambda found: found[0])


def distributions(low=-math.inf, high=math.inf, deep=True):
    number = floats(low, high)
    pairs = st.tuples(number, number).map(sorted)
    ends = pairs.map(lambda pair: {"low": pair[0], "high": pair[1]})
    several = st.fixed_dictionaries({"values": st.lists(number, min_size=1, max_size=4)})
    normal = st.tuples(ends, number, st.floats(0, 1e9)).map(lambda t: t[0] | {"mean": t[1], "sd": t[2]})
    kinds = [(Uniform, ends), (Choice, several), (Empirical, several), (Normal, normal)]
    if high > 0:
        above = st.tuples(*[floats(max(low, 1e-300), high)] * 2).map(sorted)
        kinds.append((LogUniform, above.map(lambda pair: {"low": pair[0], "high": pair[1]})))
    if low <= 0 and high == math.inf:
        above_0 = st.floats(1e-300, 1e300)
        kinds.append((LogNormal, st.fixed_dictionaries({"median": above_0, "gsd": st.floats(1, 9)})))
        kinds.append((Weibull, st.fixed_dictionaries({"scale": above_0, "shape": above_0})))
    found = st.one_of(*(valid(data, cls.model_validate) for cls, data in kinds))
    if deep:
        rows = st.lists(st.tuples(distributions(low, high, False), st.floats(1e-300, 1)), min_size=1, max_size=3)
        found |= rows.map(lambda r: Mixture(parts=tuple(p for p, _ in r), weights=tuple(w for _, w in r)))
    return found


def values(spec):
    low, high = spec.limits
    if float in spec.alternatives and spec.kinds:
        found = floats(low, high) | distributions(low, high)
    elif spec.kinds:
        kinds = [cls for cls in spec.kinds.values() if not issubclass(cls, Wrapper)]  # else without end
        found = distributions() if Uniform in kinds else st.one_of(*map(models, kinds))
    elif spec.choices:
        found = st.sampled_from(spec.choices)
    elif is_model(spec.type):
        found = models(spec.type)
    elif spec.items:
        found = st.tuples(*map(values, spec.items))
    elif spec.item is not None:
        found = st.lists(values(spec.item), max_size=4)
    elif spec.type is int:
        found = st.integers(*(None if math.isinf(end) else int(end) for end in (low, high)))
    else:
        found = {
            bool: st.booleans(),
            float: floats(low, high),
            str: st.sampled_from(["0.5 nm", "12 µm"]) | st.text(),
            Path: st.text(st.characters(exclude_characters="\0", codec="utf-8")).map(Path),
        }.get(spec.type, st.dictionaries(st.text(), st.integers()))
    found = valid(found, TypeAdapter(Annotated[spec.type, "", *spec.marks]).validate_python)
    return st.none() | found if spec.optional else found


@cache
def field_values(cls):
    return {name: values(Spec.of_field(info)) for name, info in fields(cls).items()}


@st.composite
def models(draw, cls):
    """Parameters with up to five fields that differ from their defaults."""
    strategies = field_values(cls)
    required = {name for name, info in fields(cls).items() if info.is_required()}
    varied = draw(st.sets(st.sampled_from(sorted(strategies)), max_size=5)) if strategies else set()
    try:
        return cls.model_validate({name: draw(strategies[name]) for name in sorted(varied | required)})
    except ValidationError:
        reject()


def open_all(form):
    while closed := [fold for fold in form.findChildren(Fold) if not fold.isChecked()]:
        for fold in closed:
            fold.setChecked(True)


@pytest.mark.slow
@every_class
def test_a_form_of_a_class_gives_its_defaults(qtbot, cls):
    form = ParamsForm(cls)
    qtbot.addWidget(form)
    expected = default(cls)
    if expected is None:
        assert form.problem
        return
    assert form.problem is None
    assert form.params() == expected
    open_all(form)
    assert repr(form.params()) == repr(expected)


@pytest.mark.slow
@every_class
@pytest.mark.parametrize("opened", [False, True])
def test_what_is_set_comes_back(qtbot, cls, opened):
    form = ParamsForm(cls)
    qtbot.addWidget(form)
    if opened:
        open_all(form)

    @settings(max_examples=10, suppress_health_check=list(HealthCheck), database=None)
    @given(models(cls))
    def check(params):
        form.set_params(params)
        assert repr(form.params()) == repr(params)
        assert form.problem is None
        if opened:
            open_all(form)
            assert repr(form.params()) == repr(params)

    check()
