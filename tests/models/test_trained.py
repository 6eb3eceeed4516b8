"""What a folder of models holds, told without loading any."""

import os

import pytest
import yaml

from particleforge.errors import UserError
from particleforge.models.trained import run_arguments, trained_models


def write(folder, files):
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def card(kind, source="", finished=False):
    return yaml.safe_dump({"kind": kind, "source": source, "finished": finished, "scores": {}, "version": "1"})


def test_models_and_stopped_trainings_are_listed_the_latest_first(tmp_path):
    ours = {"model.yaml": card("stardist", "gold, 2 images"), "run.yaml": ""}
    log = "step,held_out_loss,held_out_f1\n1,0.9,0.5\n2,0.4,0.75\n3,0.6,0.8\n"
    write(tmp_path / "done", {**ours, "config.json": "{}", "training.csv": log})
    write(tmp_path / "stopped", {**ours, "config.json": "{}", "checkpoint.pt": ""})
    write(tmp_path / "begun", ours)
    write(tmp_path / "official", {"config.json": "{}", "thresholds.json": "broken"})
    write(tmp_path / "something else", {"notes.txt": ""})
    for age, name in enumerate(("official", "begun", "stopped", "done")):
        for path in (tmp_path / name).iterdir():
            os.utime(path, (1e9 + age, 1e9 + age))
    found = trained_models(tmp_path)
    assert [m.name for m in found] == ["done", "stopped", "begun", "official"]
    assert [(m.finished, m.usable) for m in found] == [(True, True), (False, True), (False, False), (True, True)]
    assert found[0].source == "gold, 2 images" and found[3].source == "StarDist model"
    assert found[0].scores == {"f1": 0.75} and found[1].scores == {}
    assert found[0].size_bytes == len(ours["model.yaml"]) + 2 + len(log)
    assert trained_models(tmp_path / "nowhere") == []


def test_models_are_listed_by_their_role(tmp_path):
    write(tmp_path / "mine", {"estimator.yaml": ""})
    write(tmp_path / "in training", {"model.yaml": card("estimator")})
    write(tmp_path / "detector", {"model.yaml": card("stardist")})
    write(tmp_path / "of a lost package", {"model.yaml": card("nothing known")})
    assert {model.name: model.usable for model in trained_models(tmp_path, "estimator")} == {
        "mine": True,
        "in training": False,
    }
    assert [model.name for model in trained_models(tmp_path, "detector")] == ["detector"]


def test_folders_of_version_0_1_are_read(tmp_path):
    """They have a note of their kind and no card."""
    write(tmp_path / "gold", {"config.json": "{}", "particleforge.yaml": "provenance: {real: [a, b]}"})
    parts = [{"target": {"parameter": "size"}, "held_out": {"per_image": 0.5, "together": 0.25}}]
    write(tmp_path / "sizes", {"estimator.yaml": yaml.safe_dump({"parts": parts})})
    (gold,) = trained_models(tmp_path, "detector")
    (sizes,) = trained_models(tmp_path, "estimator")
    assert gold.source == "a, b" and gold.finished and gold.usable
    assert sizes.scores == {"size": 0.25} and sizes.finished


def test_a_stopped_training_says_what_it_was_started_with(tmp_path):
    write(tmp_path / "run", {"run.yaml": "folder: /data\nminutes: 5.0\n"})
    assert run_arguments(tmp_path / "run") == {"folder": "/data", "minutes": 5.0}
    with pytest.raises(UserError, match="no training"):
        run_arguments(tmp_path)
