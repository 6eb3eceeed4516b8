import hashlib
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from particleforge.cli.main import main
from particleforge.models.opening import open_model
from particleforge.models.stardist.model import StarDistModel
from particleforge.quality.matching import score
from particleforge.store.annotated import read_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph

TINY = (
    "{n_rays: 16, unet_n_depth: 1, unet_n_filter_base: 4, net_conv_after_unet: 8, unet_batch_norm: true}",
    *("--steps", "4", "--patch-px", "64", "--batch-size", "2", "--validations", "1"),
)


def hashes(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def answer(capsys, *words):
    capsys.readouterr()
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_learn_leaves_a_model(model):
    assert {"config.json", "thresholds.json", "particleforge.yaml", "run.yaml", "training.csv"} <= {
        path.name for path in model.iterdir()
    }
    assert not list(model.rglob("*.part*"))


@pytest.mark.slow
def test_measure_and_predict_find_the_same(model, spheres, tmp_path, capsys):
    images, before = spheres / "more" / "images", hashes(model)
    found = answer(capsys, "measure", model, images, "--out", tmp_path / "m", "--prob-thresh", "0.3")
    assert set(found["summary"]["images"]) == {"spheres_1", "spheres_2", "spheres_3"}
    assert found["summary"]["complete"]
    table = pd.read_csv(tmp_path / "m" / "particles.csv")
    assert found["summary"]["pooled"]["count"] <= len(table)
    assert answer(capsys, "predict", model, images, "--out", tmp_path / "p", "--prob-thresh", "0.3")["images"] == 3
    for name, entry in found["summary"]["images"].items():
        assert entry["pixel_size_nm"] == pytest.approx(1.2)
        labels = read_labels(tmp_path / "p" / f"{name}.tif")
        np.testing.assert_array_equal(labels, read_labels(tmp_path / "m" / "labels" / f"{name}.tif"))
        assert sorted(table.loc[table["image"] == name, "label"]) == list(np.unique(labels[labels > 0]))
    one = answer(capsys, "predict", model, images / "spheres_1.tif", "--out", tmp_path / "one")
    assert one["images"] == 1
    assert hashes(model) == before


@pytest.mark.slow
def test_sizes_are_those_of_the_true_labels(spheres, tmp_path, capsys):
    labels, images = spheres / "more" / "labels", spheres / "more" / "images"
    found = answer(capsys, "sizes", labels, "--images", images, "--out", tmp_path / "out", "--pixel-size", "1.2 nm")
    areas = np.concatenate([np.unique(read_labels(p), return_counts=True)[1][1:] for p in sorted(labels.iterdir())])
    table = pd.read_csv(tmp_path / "out" / "particles.csv")
    np.testing.assert_allclose(np.sort(table["ecd_nm"]), np.sort(1.2 * np.sqrt(4 * areas / np.pi)), rtol=1e-6)
    assert found["summary"]["images"]["spheres_1"]["pixel_size_nm"] == pytest.approx(1.2)


@pytest.mark.parametrize("name", ["pairs", "coco", "stardist"])
def test_export_and_import_give_the_dataset_again(dataset, tmp_path, name, capsys):
    before = hashes(dataset)
    assert answer(capsys, "export", dataset, tmp_path / "out", "--format", name)["samples"] == 5
    written = hashes(tmp_path / "out")
    assert answer(capsys, "import", tmp_path / "out", tmp_path / "back.zarr", "--format", name)["samples"] == 5
    back, one = Dataset.open(tmp_path / "back.zarr"), Dataset.open(dataset)
    assert (back.shape, back.dtype) == (one.shape, one.dtype)
    for found, sample in zip(sorted(back, key=lambda sample: sample.name), one, strict=True):  # train, then test
        assert found.name == sample.name
        np.testing.assert_array_equal(found.micrograph.pixels, sample.micrograph.pixels)
        np.testing.assert_array_equal(found.labels, sample.labels)
    assert hashes(dataset) == before
    assert hashes(tmp_path / "out") == written


@pytest.mark.slow
def test_train_on_folder_and_dataset(dataset, spheres, tmp_path, capsys):
    before = hashes(dataset)
    words = ["train", dataset, spheres / "annotated", "--out", tmp_path / "model", "--network", *TINY]
    assert answer(capsys, *words)["model"] == str(tmp_path / "model")
    assert answer(capsys, "predict", tmp_path / "model", spheres / "more" / "images", "--out", tmp_path / "p")
    assert hashes(dataset) == before


def test_synthesize_continues_and_repeats(dataset, spheres, tmp_path, capsys):
    recipe = dataset.parent / "recipe.yaml"
    words = ["synthesize", recipe, spheres / "annotated", "--count", "5"]
    assert answer(capsys, *words, "--out", tmp_path / "b.zarr") == {"dataset": str(tmp_path / "b.zarr"), "samples": 5}
    here, there = hashes(dataset), hashes(tmp_path / "b.zarr")
    assert sorted(here.values()) == sorted(there.values())
    assert answer(capsys, *words, "--out", dataset)["samples"] == 5
    assert hashes(dataset) == here
    assert main([*map(str, words), "--out", str(dataset), "--seed", "9"]) == 1
    assert "already contains another dataset (5 samples, seed 0)" in capsys.readouterr().err


def test_learning_from_one_particle_works(spheres, tmp_path, capsys):
    from dataclasses import replace

    from particleforge.store.annotated import write_annotated

    (sample,) = read_annotated(spheres / "annotated")
    label = np.unique(sample.labels)[1]
    labels = np.where(sample.labels == label, label, 0).astype(np.uint32)
    write_annotated(tmp_path / "one", [replace(sample, labels=labels, known=(labels > 0) | sample.background)])
    words = ["learn", tmp_path / "one", "--out", tmp_path / "model", "--synthetic-per-image", "2", "--from", "scratch"]
    training = "{steps: 2, patch_px: 64, batch_size: 2, validations: 1, network: {unet_n_depth: 1}}"
    assert answer(capsys, *words, "--training", training)["particles"] == 1


@pytest.mark.slow
def test_in_a_process_of_its_own(spheres, tmp_path):
    command = [sys.executable, "-m", "particleforge.cli", "sizes", str(spheres / "more" / "labels"), "--json"]
    done = subprocess.run([*command, "--out", str(tmp_path / "o")], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert set(json.loads(done.stdout)["summary"]["images"]) == {"spheres_1", "spheres_2", "spheres_3"}
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_base_detector_needs_no_annotation(spheres, tmp_path, capsys):
    found = answer(capsys, "measure", "base", spheres / "more" / "images" / "spheres_1.tif", "--out", tmp_path / "m")
    (entry,) = found["summary"]["images"].values()
    true = read_labels(spheres / "more" / "labels" / "spheres_1.tif")
    labels = read_labels(tmp_path / "m" / "labels" / "spheres_1.tif")
    assert score(true, labels).f1 > 0.9
    assert entry["certainty"] > 0.8
    assert entry["working_scale"] > 0
    assert "on average, lowest" in found["certainty"]
    assert found["particles"].startswith(f"{entry['count']} in 1 image, ")
    assert " nm (" in found["diameter"] and "GSD" in found["diameter"]


def test_a_known_diameter_decides_the_scale(spheres, tmp_path, capsys):
    image = spheres / "more" / "images" / "spheres_1.tif"
    words = ("--diameter", "30 nm", "--no-reports")
    found = answer(capsys, "measure", "base", image, "--out", tmp_path / "m", *words)["summary"]
    assert found["images"]["spheres_1"]["working_scale"] == pytest.approx(24 / 30 * 1.2)
    assert "so that particles of about 30 nm measure about 24 px" in found["methods"]
    np.save(tmp_path / "bare.npy", read_micrograph(image).grey)
    assert main(["measure", "base", str(tmp_path / "bare.npy"), "--out", str(tmp_path / "o"), *words]) == 1
    shown = capsys.readouterr().err
    assert "A size of 30 nm needs a known pixel size." in shown and "--pixel-size" in shown


def test_learning_goes_on_from_the_base_detector(spheres, tmp_path, capsys):
    words = [
        "learn",
        spheres / "annotated",
        "--out",
        tmp_path / "model",
        "--from",
        "base",
        "--synthetic-per-image",
        "1",
    ]
    training = "{steps: 3, patch_px: 64, batch_size: 2, validations: 1}"
    answer(capsys, *words, "--synthetic-per-image", "1", "--training", training)
    model, base = StarDistModel.load(tmp_path / "model"), open_model("base", "detector")
    assert model.net.config == base.net.config
    weights, old = model.net.state_dict(), base.net.state_dict()
    moved = max(float((weights[name] - old[name]).abs().max()) for name in old if name.endswith("conv.weight"))
    assert 0 < moved < 0.02
    micrograph = read_micrograph(spheres / "more" / "images" / "spheres_1.tif")
    true = read_labels(spheres / "more" / "labels" / "spheres_1.tif")
    assert score(true, model.predict(micrograph).labels).f1 > 0.9


def test_a_network_cannot_be_described_where_training_starts_from_a_model(spheres, tmp_path, capsys):
    words = ["learn", str(spheres / "annotated"), "--out", str(tmp_path / "m"), "--training", "{network: {n_rays: 16}}"]
    assert main(words) == 1
    assert "starts from base, which has its own" in capsys.readouterr().err
    assert not (tmp_path / "m" / "weights_best.h5").exists()
