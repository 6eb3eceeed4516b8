"""Folders of models say what they are, from the beginning of a training on."""

import pytest

from particleforge.errors import UserError
from particleforge.models.card import Card
from particleforge.models.device import VARIABLE, torch_device
from particleforge.models.kind import kinds
from particleforge.models.training import begin_training
from particleforge.models.training_params import DEFAULT_KIND, TRAININGS


def test_bundled_models_have_cards():
    for kind in kinds():
        for folder in filter(None, kind.bundled.values()):
            card = Card.read(folder)
            assert card.kind == kind.kind and card.finished and card.source


def test_a_training_is_noted_when_it_begins_and_only_once(tmp_path):
    begin_training(tmp_path, TRAININGS.parse({}), "gold, 2 images")
    begin_training(tmp_path, TRAININGS.parse({}), "something else")
    card = Card.read(tmp_path)
    assert (card.kind, card.source, card.finished) == (DEFAULT_KIND, "gold, 2 images", False)
    assert card.version


def test_trainings_are_told_apart_by_their_kind():
    assert TRAININGS.parse({"steps": 3}).kind == DEFAULT_KIND
    assert TRAININGS.parse({"kind": "estimator", "steps": 3}).kind == "estimator"
    assert "threshold" not in TRAININGS.names()
    with pytest.raises(UserError, match="kind threshold need no training"):
        TRAININGS.parse({"kind": "threshold"})


def test_the_device_is_chosen_by_argument_then_by_the_environment(monkeypatch):
    monkeypatch.setenv(VARIABLE, "cpu")
    assert torch_device().type == "cpu"
    monkeypatch.setenv(VARIABLE, "abacus")
    assert torch_device("cpu").type == "cpu"
    with pytest.raises(UserError, match="no device 'abacus'"):
        torch_device()
