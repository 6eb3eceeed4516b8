"""What a folder of models holds, told without loading any."""

import os

import pytest
import yaml

from particleforge.errors import UserError
from particleforge.models import trained
from particleforge.models.stardist import model, train
from particleforge.models.stardist.kind import BASE
from particleforge.models.trained import run_arguments, trained_estimators, trained_models


def test_files_are_called_as_the_models_call_them():
    assert (trained.NOTE, trained.CHECKPOINT, trained.LOG) == (model.NOTE, train.CHECKPOINT, train.LOG)
    assert (BASE / trained.THRESHOLDS).is_file() and (BASE / trained.NOTE).is_file()


def write(folder, files):
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_models_and_stopped_trainings_are_listed_the_latest_first(tmp_path):
    run = yaml.safe_dump({"folder": "/data/gold", "annotated": ["a: 1", "b: 2"], "minutes": 5.0})
    thresholds = '{"prob": 0.55, "nms": 0.4}'
    log = "step,held_out_loss,held_out_f1\n1,0.9,0.5\n2,0.4,0.75\n3,0.6,0.8\n"
    write(tmp_path / "done", {"run.yaml": run, "config.json": "{}", "thresholds.json": thresholds, "training.csv": log})
    write(
        tmp_path / "stopped",
        {"run.yaml": run, "config.json": "{}", "thresholds.json": thresholds, "checkpoint.pt": ""},
    )
    write(tmp_path / "begun", {"run.yaml": run})
    write(tmp_path / "official", {"config.json": "{}", "thresholds.json": "broken"})
    write(tmp_path / "something else", {"notes.txt": ""})
    for age, name in enumerate(("official", "begun", "stopped", "done")):
        for path in (tmp_path / name).iterdir():
            os.utime(path, (1e9 + age, 1e9 + age))
    found = trained_models(tmp_path)
    assert [m.name for m in found] == ["done", "stopped", "begun", "official"]
    assert [(m.finished, m.usable) for m in found] == [(True, True), (False, True), (False, False), (True, True)]
    assert found[0].source == "gold, 2 images" and found[0].prob_thresh == 0.55
    assert found[0].f1 == 0.75 and found[1].f1 is None
    assert found[0].size_bytes == len(run) + 2 + len(thresholds) + len(log)
    assert found[3].source == "StarDist model" and found[3].prob_thresh is None
    assert trained_models(tmp_path / "nowhere") == []


def test_estimators_are_told_from_detectors(tmp_path):
    run = yaml.safe_dump({"datasets": ["/data/hetero.zarr"], "targets": []})
    write(tmp_path / "estimator", {"run.yaml": run, "estimator.yaml": ""})
    write(tmp_path / "later", {"run.yaml": run, "estimator.yaml": ""})
    write(tmp_path / "in training", {"run.yaml": run})
    write(tmp_path / "detector", {"run.yaml": "folder: /data\n"})
    os.utime(tmp_path / "estimator" / "estimator.yaml", (1e9, 1e9))
    assert trained_estimators(tmp_path) == [tmp_path / "later", tmp_path / "estimator"]
    assert [model.name for model in trained_models(tmp_path)] == ["detector"]
    assert trained_estimators(tmp_path / "nowhere") == []


def test_a_stopped_training_says_what_it_was_started_with(tmp_path):
    write(tmp_path / "run", {"run.yaml": "folder: /data\nminutes: 5.0\n"})
    assert run_arguments(tmp_path / "run") == {"folder": "/data", "minutes": 5.0}
    with pytest.raises(UserError, match="no training"):
        run_arguments(tmp_path)
