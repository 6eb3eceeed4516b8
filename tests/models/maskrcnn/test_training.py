"""Training a model in a folder, using it, and what goes wrong."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from particleforge.errors import UserError
from particleforge.models.card import CHECKPOINT, LOG
from particleforge.models.kind import MODELS
from particleforge.models.maskrcnn.model import MaskRCNNModel
from particleforge.models.maskrcnn.training import train_maskrcnn
from particleforge.models.opening import find_model, open_model
from particleforge.models.training_set import TrainingSet
from particleforge.step import run


def test_a_training_leaves_a_model_that_finds_the_same_when_it_is_loaded(tmp_path, discs, params):
    model = run(train_maskrcnn(TrainingSet([discs], held_out=[discs]), tmp_path, params))
    assert not (tmp_path / CHECKPOINT).exists()
    kind, folder = find_model(tmp_path, "detector")
    assert kind is MODELS.get("maskrcnn") and kind.finished(tmp_path)
    again = kind.load(folder)
    assert again.note == model.note
    for name, weights in model.net.state_dict().items():
        assert torch.equal(weights, again.net.state_dict()[name])
    one, other = (m.detect(discs.micrograph, scale=1.0, least_score=0.9) for m in (model, again))
    assert np.array_equal(one.labels, other.labels) and len(one) == len(other) == len(one.outlines)
    with (tmp_path / LOG).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 and all(0 <= float(row["held_out_f1"]) <= 1 for row in rows)
    with pytest.raises(UserError, match="finished model"):
        run(train_maskrcnn(TrainingSet([discs]), tmp_path, params))


def test_an_interrupted_training_goes_on_to_the_same_end(tmp_path, discs, params):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    straight.mkdir()
    broken.mkdir()
    data = TrainingSet([discs])
    whole = run(train_maskrcnn(data, straight, params))
    steps = train_maskrcnn(data, broken, params)
    for progress in steps:
        if progress.message.startswith("step 3"):
            break
    steps.close()
    assert torch.load(broken / CHECKPOINT, weights_only=True)["step"] == 3
    assert isinstance(open_model(broken, "detector"), MaskRCNNModel)  # the best so far
    resumed = run(train_maskrcnn(data, broken, params))
    for name, weights in whole.net.state_dict().items():
        torch.testing.assert_close(weights, resumed.net.state_dict()[name])


@pytest.mark.slow
def test_it_starts_from_the_base_detector_and_from_its_own_models(tmp_path, discs, params):
    own = params.replace(network=None, steps=1)
    for name in "ab":
        (tmp_path / name).mkdir()
    first = run(train_maskrcnn(TrainingSet([discs]), tmp_path / "a", own.replace(learning_rate=1e-9)))
    base = open_model("base", "detector").body
    torch.testing.assert_close(first.net.unet.middle[0].conv.weight, base.middle[0].conv.weight)
    again = run(train_maskrcnn(TrainingSet([discs]), tmp_path / "b", own.replace(start=str(tmp_path / "a"))))
    assert again.net.config == first.net.config


@pytest.mark.slow
def test_classes_come_back_and_a_rare_one_is_remarked(tmp_path, discs, params):
    names = ["cube"] * 4 + ["rod"] * 5
    classed = replace(discs, truth=pd.DataFrame({"label": range(1, 10), "class": names}))
    only_cubes = replace(discs, truth=pd.DataFrame({"label": range(1, 10), "class": "cube"}))
    own = params.replace(network=None, start="scratch", steps=2)
    model = run(train_maskrcnn(TrainingSet([classed, only_cubes]), tmp_path, own))
    assert model.net.config.classes == ("cube", "rod")
    assert "Only one image shows particles of the class rod" in model.headline()["remark"]
    found = model.detect(discs.micrograph, scale=1.0, least_score=0.9)
    assert found.classes is not None and set(found.classes) <= {"cube", "rod"}


@pytest.mark.parametrize(
    ("start", "message"),
    [("threshold", "holds no weights for the backbone unet"), ("nowhere", "is not a folder"), ("coco", "no COCO")],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, discs, params, start, message):
    with pytest.raises(UserError, match=message):
        run(train_maskrcnn(TrainingSet([discs]), tmp_path, params.replace(network=None, start=start)))


def test_broken_folders_are_refused_in_words(tmp_path, discs, params):
    run(train_maskrcnn(TrainingSet([discs]), tmp_path, params.replace(steps=1)))
    weights = (tmp_path / "weights.pt").read_bytes()
    stored = torch.load(tmp_path / "weights.pt", weights_only=True)
    name = next(iter(stored))
    for broken, message in (
        (stored | {name: stored[name] * torch.nan}, "not finite"),
        (stored | {name: stored[name][:1]}, "has shape"),
        ({key: value for key, value in stored.items() if key != name}, "does not belong to this network"),
        (list(stored), "is broken"),
    ):
        torch.save(broken, tmp_path / "weights.pt")
        with pytest.raises(UserError, match=message):
            open_model(tmp_path)
    for content in (b"", b"not weights", weights[:1000]):
        (tmp_path / "weights.pt").write_bytes(content)
        with pytest.raises(UserError, match="is broken"):
            open_model(tmp_path)
    (tmp_path / "weights.pt").unlink()
    with pytest.raises(UserError, match="is missing"):
        open_model(tmp_path)
    (tmp_path / "weights.pt").write_bytes(weights)
    note = tmp_path / "maskrcnn.yaml"
    note.write_text(note.read_text().replace("box_features: 16", "box_features: 100000"))
    with pytest.raises(UserError, match="box_features"):
        open_model(tmp_path)
