"""The train panel: what it runs, its plot, and what it shows meanwhile."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from napari.components import ViewerModel

from particleforge.errors import UserError
from particleforge.jobs.messages import Advance, Result, Stopped
from particleforge.jobs.previews import Previews
from particleforge.micrograph import Micrograph
from particleforge.models.card import LOG
from particleforge.sample import Sample
from particleforge.widgets.folder_chooser import NOTHING_YET
from particleforge.widgets.job_row import JobSignals
from particleforge.widgets.train.loss import LossPlot, read_f1
from particleforge.widgets.train.panel import TrainPanel
from particleforge.widgets.train.picture import OUTLINE, Picture, outlined
from particleforge.widgets.train.tasks import new_training, resumed_training
from particleforge.workflows.learn import LearnParams, learn
from particleforge.workflows.train import train as train_verb

LEARN, TRAIN = learn.reference, train_verb.reference
SPHERES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data" / "spheres"


@pytest.fixture
def train(qtbot, tmp_path, monkeypatch):
    """The panel, and the jobs it started: pairs of their signals and their task; nothing runs."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    shutil.copytree(SPHERES / "annotated", tmp_path / "ParticleForge" / "annotations")
    jobs = []

    def start(signals, task):
        jobs.append((signals, task))
        return SimpleNamespace(cancel=lambda: None, pid=None)

    monkeypatch.setattr(JobSignals, "start", start)
    panel = TrainPanel(ViewerModel())
    qtbot.addWidget(panel)
    panel.show()
    return panel, jobs


def test_a_stopped_training_can_be_used_and_resumed(train, qtbot):
    panel, jobs = train
    assert panel.view.models.isHidden() and not panel.view.resume.isVisible()
    panel.row.button.click()
    qtbot.waitUntil(lambda: len(jobs) == 1)
    signals, task = jobs[0]
    out = Path(task.args["out"])
    out.mkdir(parents=True)
    for name in ("config.json", "checkpoint.pt"):
        (out / name).touch()
    (out / "run.yaml").write_text(yaml.safe_dump({"folder": task.args["folder"], "annotated": ["a"], "minutes": 2.0}))
    (out / LOG).write_text("step,seconds,train_loss,held_out_loss,held_out_f1\n1,30,2,nan,nan\n2,60,1,nan,nan\n")
    signals.advanced.emit(Advance(done=0.5))
    assert panel.view.loss.isVisible() and not panel.view.resume.isVisible()
    assert panel.view.models.topLevelItem(0).text(0) == "detector-1 (running)"
    panel.row.cancel()
    signals.ended.emit(Stopped())
    assert "can be used in Measure" in panel.row.message.text()
    assert panel.view.resume.isVisible() and panel.name.text() == "detector-2"
    assert panel.start.box.findText("detector-1 (stopped early)") > 0

    panel.view.resume.click()
    qtbot.waitUntil(lambda: len(jobs) == 2)
    signals, again = jobs[1]
    assert again.call == LEARN and again.args == task.args and again.params == {"minutes": 2.0}
    (out / "checkpoint.pt").unlink()
    signals.ended.emit(Result(value={"model": str(out), "particles": 10}))
    assert panel.row.message.text() == "detector-1 was trained on 10 annotated particles. Choose it in Measure."
    assert not panel.view.resume.isVisible() and not panel.view.resume.isEnabled()


def test_without_annotated_images_a_dataset_will_do(train, qtbot, tmp_path):
    panel, jobs = train
    shutil.rmtree(tmp_path / "ParticleForge" / "annotations")
    panel.check()
    assert panel.row.missing.text() == NOTHING_YET and not panel.row.button.isEnabled()
    (tmp_path / "ParticleForge" / "datasets" / "augmented-1.zarr").mkdir(parents=True)
    panel.reset_choices()
    panel.dataset.box.setCurrentText("augmented-1")
    assert not panel.row.missing.isVisible()
    panel.row.button.click()
    qtbot.waitUntil(lambda: len(jobs) == 1)
    assert jobs[0][1].call == TRAIN and [Path(path).name for path in jobs[0][1].args["sources"]] == ["augmented-1.zarr"]


def test_annotated_images_alone_are_learned_from_and_with_a_dataset_trained_on(tmp_path):
    params = LearnParams(minutes=3, start="scratch", seed=7)
    task = new_training(tmp_path, None, tmp_path / "out", params)
    assert task.call == LEARN and LearnParams.parse(task.params) == params

    task = new_training(tmp_path / "gold", tmp_path / "augmented.zarr", tmp_path / "out", params)
    assert task.call == TRAIN and task.args["sources"] == [
        str(tmp_path / "gold"),
        str(tmp_path / "augmented.zarr"),
    ]
    assert (task.params["minutes"], task.params["start"], task.params["seed"]) == (3, "scratch", 7)
    assert new_training(None, tmp_path / "augmented.zarr", tmp_path, params).args["sources"] == [
        str(tmp_path / "augmented.zarr")
    ]


@pytest.mark.parametrize("given", [{"folder": "/data/gold"}, {"sources": ["/data/augmented.zarr"]}])
def test_a_stopped_training_goes_on_with_what_it_was_started_with(tmp_path, given):
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(given | {"annotated": ["a"], "minutes": 2.0}))
    task = resumed_training(tmp_path)
    assert task.call == (LEARN if "folder" in given else TRAIN)
    assert task.args == given | {"out": str(tmp_path)} and task.params == {"minutes": 2.0}
    with pytest.raises(UserError, match="no training"):
        resumed_training(tmp_path / "nothing")


def test_losses_are_drawn_over_time(qtbot, tmp_path):
    plot, log = LossPlot(), tmp_path / "training.csv"
    qtbot.addWidget(plot)
    plot.show_log(log)
    assert plot.isHidden() and not plot.curves
    log.write_text("step,seconds,train_loss,held_out_loss,held_out_f1\n10,30,2.0,nan,nan\n20,60,1.0,1.5,0.4\n")
    plot.show_log(log)
    assert not plot.isHidden()
    assert {curve.name: list(curve.points) for curve in plot.curves} == {
        "training loss": [(30.0, 2.0), (60.0, 1.0)],
        "validation loss": [(60.0, 1.5)],
    }
    assert read_f1(log) == 0.4 and read_f1(tmp_path / "none.csv") is None
    plot.resize(300, 150)
    assert not plot.grab().isNull()


def test_what_is_found_so_far_is_drawn_with_its_outlines(qtbot, tmp_path):
    picture, previews = Picture(), Previews(str(tmp_path))
    qtbot.addWidget(picture)
    labels = np.zeros((40, 50), np.uint32)
    labels[5:9, 5:9], labels[5:9, 9:14] = 1, 2
    grey = np.random.default_rng(0).random((40, 50), np.float32)
    picture.show_file(str(tmp_path / "gone.npz"))
    assert picture.isHidden()
    picture.show_file(previews.write(Sample(Micrograph(grey), labels)))
    assert not picture.isHidden() and picture.found == 2 and not picture.grab().isNull()

    drawn = outlined(grey, labels)
    rim = (drawn == OUTLINE).all(-1)
    assert drawn.shape == (40, 50, 3) and rim[5, 5:14].all() and rim[5:9, 8:10].all()
    assert not rim[6:8, 6:8].any() and not rim[labels == 0].any()
