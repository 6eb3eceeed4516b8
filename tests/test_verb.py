from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.step import Progress, Step
from particleforge.verb import Argument, InPlace, Verbs, described, verb
from particleforge.workflows import VERBS


class CountParams(Params):
    times: int = Field(2, ge=1, description="How often.")


@verb(lambda total, args: {"total": total, "of": list(args["numbers"])}, resumable=True)
def count(
    numbers: Sequence[Path | str],
    out: Path | str,
    title: str = "",
    place: Annotated[str | None, InPlace()] = None,
    params: CountParams = CountParams(),
) -> Step[int]:
    """Add up numbers.

    Parameters
    ----------
    numbers
        What to add,
        one by one.
    out, title
        Where to.
    params
        How often.

    Returns
    -------
    int
        The sum.
    """
    yield Progress(0, 1)
    return params.times * sum(int(str(number)) for number in numbers)


def test_arguments_come_from_signature_and_docstring():
    assert count.arguments == (
        Argument("numbers", "What to add, one by one.", many=True, required=True, in_place=True),
        Argument("out", "Where to.", many=False, required=True, in_place=False),
        Argument("title", "Where to.", many=False, required=False, in_place=False),
        Argument("place", "", many=False, required=False, in_place=True),
    )
    assert count.params is CountParams
    assert count.reference == f"{__name__}:count"


def test_it_can_be_called_stepped_through_and_run_on_plain_data():
    assert count(["1", "2"], "x") == 6
    assert next(count.steps(["1"], "x")).total == 1
    steps = count.plain_steps({"numbers": ["4"], "out": "x"}, {"times": 3})
    next(steps)
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == {"total": 12, "of": ["4"]}


def test_wrong_parameters_are_refused():
    with pytest.raises(UserError, match="times = 0"):
        next(count.plain_steps({"numbers": ["4"], "out": "x"}, {"times": 0}))


def test_a_docstring_without_arguments_describes_none():
    assert described("") == described("Do it.\n\nReturns\n-------\nint\n    Nothing.") == {}


@pytest.mark.parametrize("name", VERBS.names())
def test_every_argument_of_every_verb_is_described(name):
    found = VERBS.get(name)
    assert VERBS.summary(name).endswith(".")
    assert "params" not in [argument.name for argument in found.arguments]
    for argument in found.arguments:
        assert argument.about.endswith("."), argument.name
        assert "`" not in argument.about, argument.name


def test_a_file_without_its_verb_is_named(tmp_path, monkeypatch):
    package = tmp_path / "some_verbs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "fly.py").write_text('"""Fly away."""\n')
    (package / "_helper.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    verbs = Verbs("command", "some_verbs")
    assert verbs.names() == ["fly"] and verbs.summary("fly") == "Fly away."
    with pytest.raises(UserError, match="holds no verb 'fly'"):
        verbs.get("fly")


def test_names_of_commands_are_those_of_files():
    assert (VERBS.command("compare_sizes"), VERBS.command("import_")) == ("compare-sizes", "import")
