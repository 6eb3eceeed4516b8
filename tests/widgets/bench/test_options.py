"""The options of the chosen detector in the Measure panel."""

import pytest

from particleforge.widgets.bench.find.options import DetectorOptions


@pytest.fixture
def options(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    widget = DetectorOptions()
    qtbot.addWidget(widget)
    widget.show_model("base")
    return widget


def test_a_known_diameter_is_entered_in_front(options):
    front = options.form.front
    assert set(front.params().model_dump()) == {"diameter"} and options.values() == {}
    front.set_params(front.params().replace(diameter="20 nm"))
    assert options.problem is None and options.values() == {"diameter": "20 nm"}


def test_a_diameter_and_a_scale_are_a_problem(options):
    front = options.form.front
    front.set_params(front.params().replace(diameter="20 nm"))
    options.form.fold.setChecked(True)
    behind = options.form.body.content
    behind.set_params(behind.params().replace(scale=0.5))
    assert "Diameter 20 nm and scale 0.5 are both given" in options.problem


def test_another_kind_of_detector_has_options_of_its_own(options):
    options.show_model("threshold")
    assert options.form.front is None and options.values() == {}
