import importlib
import inspect

import pytest

from particleforge.errors import UserError
from particleforge.jobs.calls import CALLS, steps
from particleforge.jobs.messages import Task
from particleforge.step import Stepwise


@pytest.mark.parametrize("reference", CALLS)
def test_a_reference_leads_to_a_step_with_the_same_arguments(reference):
    module, _, name = reference.partition(":")
    step = getattr(importlib.import_module(module), name)
    assert isinstance(step, Stepwise)
    call = CALLS[reference]
    assert call.__name__ == name
    theirs = set(inspect.signature(step).parameters) - {"params"}
    assert set(inspect.signature(call).parameters) - {"params"} == theirs


@pytest.mark.parametrize(
    ("reference", "hint"),
    [("particleforge.workflows.learn:lern", "workflows.learn:learn'"), ("os:system", "There are "), ("", "There are ")],
)
def test_nothing_else_can_be_called(reference, hint):
    with pytest.raises(UserError, match="is no step that jobs run") as error:
        steps(Task(call=reference))
    assert hint in error.value.hint


def test_parameters_without_meaning_are_refused():
    task = Task(
        call="particleforge.workflows.import_folder:import_folder", args={"folder": "a", "out": "b"}, params={"c": 1}
    )
    with pytest.raises(UserError, match="'c'"):
        next(steps(task))
