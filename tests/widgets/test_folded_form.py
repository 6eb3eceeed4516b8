"""Forms with a few parameters in front."""

import pytest

from particleforge.errors import UserError
from particleforge.measurement.filter import Filter
from particleforge.recipes.any import RECIPES
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.widgets.folded_form import FoldedForm
from particleforge.workflows.learn import LearnParams
from particleforge.workflows.measure import MeasureParams

CASES = [
    (LearnParams, ("minutes",), ("start",)),
    (MeasureParams, (), ("pixel_size",)),
    (SynthesizeParams, ("count",), ()),
    (Filter, (), ()),
    *((cls, cls.front, ()) for cls in RECIPES.members().values()),
]


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize(("cls", "front", "left_out"), CASES)
def test_defaults_come_back_whether_it_is_opened_or_not(qtbot, cls, front, left_out, opened):
    form = FoldedForm(cls, front, left_out)
    qtbot.addWidget(form)
    form.fold.setChecked(opened)
    assert form.params() == cls() and form.problem is None


def test_what_is_entered_in_front_and_behind_is_checked_together(qtbot):
    form = FoldedForm(LearnParams, ("minutes",), ("start",))
    qtbot.addWidget(form)
    with qtbot.waitSignal(form.changed):
        form.front.set_params(form.front.params().replace(minutes=3))
    form.fold.setChecked(True)
    behind = form.body.content
    behind.set_params(behind.params().replace(seed=7))
    assert form.params() == LearnParams(minutes=3, seed=7)
    with qtbot.waitSignal(form.changed):
        behind.set_params(behind.params().replace(training=LearnParams().training.replace(minutes=9)))
    assert "as parameters of learn, not of training" in form.problem
    with pytest.raises(UserError):
        form.params()
