"""Training, saving and using classifiers."""

import csv
import hashlib

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest
import torch
from tests.models.classifier.conftest import drawn

from particleforge import classify, measure, sizes, train
from particleforge.errors import UserError
from particleforge.models.classifier.networks.network import Network
from particleforge.models.opening import open_model
from particleforge.registry import Kinds
from particleforge.workflows.measure import MeasureParams
from particleforge.workflows.sizes import SizesParams

TINY = {
    "kind": "unet",
    "start": "scratch",
    "config": {
        "grid": [1, 1],
        "unet_n_depth": 2,
        "unet_n_filter_base": 4,
        "net_conv_after_unet": 0,
        "unet_batch_norm": True,
    },
}
NETWORKS = Kinds(Network)
FAST = {"model": "classifier", "minutes": None, "device": "cpu", "validations": 2, "averaged_steps": 0, "mixup": 0}
FAST |= {"steps": 120, "learning_rate": 0.01, "crop": {"crop_px": 24}, "network": TINY, "rand_augment": 0}


def trained(folder, out, **changes):
    from particleforge.workflows.train import TrainParams

    return train([folder], out, TrainParams.parse({**FAST, **changes}))


@pytest.mark.slow
def test_a_classifier_of_particles_fills_the_column_class(folder, tmp_path):
    model = trained(folder, tmp_path / "model")
    assert model.classes == ("bar", "disc")
    held_out = model.note.held_out
    assert "interval" in held_out["images"] and "interval" not in held_out["particles"]
    assert held_out["images"]["accuracy"] == 1 and held_out["particles"]["balanced"] > 0.9
    groups = {name[:-1] + " batch " + str(int(name[-1]) // 3) for name in model.provenance["held_out"]}
    assert len(groups) == 2, "groups are held out as a whole"
    for kind in ("disc", "bar"):
        image, labels = drawn(kind, 99)
        found = open_model(tmp_path / "model", "classifier").classify_particles(image, labels)
        assert {name for name, _ in found.likeliest.values()} == {kind}
        np.testing.assert_allclose(found.probabilities.sum(1), 1, rtol=1e-5)
    params = SizesParams(classifier=str(tmp_path / "model"), reports=False)
    measured = sizes(folder / "labels", tmp_path / "out", params, images=folder / "images")
    table = pd.read_csv(measured.table)
    right = table["class"] == table["image"].str[:-1]
    assert right.mean() > 0.9 and table["class_probability"].between(0.5, 1).all()
    plain = pd.read_csv(
        sizes(folder / "labels", tmp_path / "by_rule", SizesParams(reports=False), images=folder / "images").table
    )
    assert "class_probability" not in plain and set(plain["class"]) & {"round", "rod"}


@pytest.mark.slow
def test_a_classifier_of_images_from_folders_of_classes(tmp_path):
    for kind in ("disc", "bar"):
        (tmp_path / "set" / "images" / kind).mkdir(parents=True)
        for number in range(4):
            iio.imwrite(tmp_path / "set" / "images" / kind / f"{number}.png", drawn(kind, number)[0])
    trained(tmp_path / "set", tmp_path / "model", of="images", steps=60, crop={"crop_px": 32})
    images = tmp_path / "new"
    images.mkdir()
    for kind in ("disc", "bar"):
        iio.imwrite(images / f"{kind}.png", drawn(kind, 50)[0])
    found = classify(tmp_path / "model", images, tmp_path / "out")
    assert found.likeliest == {"disc": "disc", "bar": "bar"}
    rows = list(csv.DictReader((tmp_path / "out" / "classes.csv").read_text().splitlines()))
    assert [row["class"] for row in rows] == ["bar", "disc"]
    assert all(abs(float(row["bar"]) + float(row["disc"]) - 1) < 1e-3 for row in rows)
    with pytest.raises(UserError, match="classifier of images"):
        measure("threshold", images, tmp_path / "m", MeasureParams(classifier=str(tmp_path / "model")))


def test_training_can_be_continued_and_is_the_same_then(folder, tmp_path):
    whole = trained(folder, tmp_path / "whole", steps=6, mixup=0.2, rand_augment=5)
    steps = train.steps([folder], tmp_path / "parts", _params(steps=6, mixup=0.2, rand_augment=5))
    for progress in steps:
        if progress.message.startswith("step 3"):
            break
    steps.close()
    again = trained(folder, tmp_path / "parts", steps=6, mixup=0.2, rand_augment=5)
    for name, value in whole.net.state_dict().items():
        torch.testing.assert_close(again.net.state_dict()[name], value, msg=name)


def _params(**changes):
    from particleforge.workflows.train import TrainParams

    return TrainParams.parse({**FAST, **changes})


def test_one_class_is_refused(folder, tmp_path):
    rows = (folder / "classes.csv").read_text().replace("bar,bar", "bar,disc").splitlines()
    (folder / "classes.csv").write_text("\n".join(row.replace(",bar,", ",disc,") for row in rows))
    with pytest.raises(UserError, match="at least two classes; of 10 images the only class is disc"):
        trained(folder, tmp_path / "model", steps=1)


def test_a_class_with_one_image_is_remarked_on(folder, tmp_path):
    lines = (folder / "classes.csv").read_text().splitlines()
    (folder / "classes.csv").write_text("\n".join(line for line in lines if "bar" not in line or "bar0" in line))
    model = trained(folder, tmp_path / "model", steps=1)
    assert "bar: only one image shows this class" in model.headline()["remark"]
    assert "bar0" not in model.provenance["held_out"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("name,class\nnothing,disc\n", "there is no image nothing"),
        ("name,kind\ndisc0,disc\n", "has no column class"),
        ("name,class\ndisc0,disc\ndisc0,bar\n", "has 2 rows without a label"),
        ("name,class,label\ndisc0,disc,9\n", "no particle with the label '9'"),
        ("", "cannot be read as a table"),
    ],
)
def test_a_wrong_table_is_refused(folder, tmp_path, table, message):
    (folder / "classes.csv").write_text(table)
    with pytest.raises(UserError, match=message):
        trained(folder, tmp_path / "model", steps=1)


def test_pretrained_weights_are_checked_by_their_hash(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    network = NETWORKS.parse({"kind": "resnet18", "start": "imagenet"})
    with pytest.raises(UserError, match="not on this computer") as caught:
        network.begin(network.build(3))
    assert "resnet18-f37072fd.pth" in caught.value.hint
    given = network.build(1000)
    path = tmp_path / "weights.pth"
    torch.save(given.net.state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    named = path.rename(tmp_path / f"resnet18-{digest}.pth")
    net = network.build(3)
    assert NETWORKS.parse({"kind": "resnet18", "start": str(named)}).begin(net)
    torch.testing.assert_close(net.net.conv1.weight, given.net.conv1.weight)
    wrong = named.rename(tmp_path / "resnet18-00000000.pth")
    with pytest.raises(UserError, match="damaged"):
        NETWORKS.parse({"kind": "resnet18", "start": str(wrong)}).begin(net)


@pytest.mark.parametrize("kind", ["unet", "resnet18", "convnext_tiny"])
def test_networks_give_one_logit_per_class(kind):
    net = NETWORKS.parse(kind).settled().build(3).eval()
    with torch.inference_mode():
        assert net(torch.rand(2, 1, 40, 40)).shape == (2, 3)
