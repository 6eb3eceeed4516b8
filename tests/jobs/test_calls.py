"""Verbs as jobs call them."""

from pathlib import Path

import pytest

from particleforge.errors import UserError
from particleforge.jobs.messages import Task
from particleforge.params import Params
from particleforge.recipes.any import read_recipe
from particleforge.workflows import VERBS
from particleforge.workflows.import_ import import_
from particleforge.workflows.synthesize import SynthesizeParams, synthesize


@pytest.mark.parametrize("name", VERBS.names())
def test_a_task_leads_to_the_verb_it_was_made_of(name):
    verb = VERBS.get(name)
    given = {one.name: ["a"] if one.many else "a" for one in verb.arguments if one.required}
    task = Task.of(verb, verb.params and verb.params(), **given)
    assert task.call == f"particleforge.workflows.{name}:{name}"
    assert (task.args, set(task.params)) == (given, set(verb.params.model_fields) if verb.params else set())
    task.steps().close()


def test_paths_become_text_and_recipes_plain_data():
    recipe = read_recipe("shapes")
    task = Task.of(synthesize, SynthesizeParams(count=3), recipe=recipe, out=Path("a/b"), sources=None)
    assert task.args == {"recipe": recipe.model_dump(mode="json"), "out": str(Path("a/b"))}
    assert task.params["count"] == 3
    with pytest.raises(TypeError, match="place"):
        Task.of(synthesize, recipe="shapes", out="a", place="b")


@pytest.mark.parametrize(
    "reference",
    ["particleforge.workflows.learn:lern", "os:system", "no.such:step", "particleforge.params:Params", "learn", ""],
)
def test_nothing_else_can_be_called(reference):
    with pytest.raises(UserError, match="is not a verb"):
        Task(call=reference).steps()


def test_parameters_without_meaning_are_refused():
    task = Task.of(import_, folder="a", out="b").replace(params={"c": 1})
    with pytest.raises(UserError, match="'c'"):
        next(task.steps())


def test_what_is_not_valid_is_refused_before_anything_runs():
    class Other(Params):
        countt: int = 3

    with pytest.raises(UserError, match="countt"):
        next(Task.of(synthesize, Other(), recipe="shapes", out="a").steps())
