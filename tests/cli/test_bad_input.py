"""Bad input ends in a sentence that names it, never in a traceback, and changes no input file."""

import errno
import hashlib
import os
import shutil

import numpy as np
import pytest
import tifffile

from particleforge.cli.main import main

ROWS, COLUMNS = np.indices((64, 72))


def hashes(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def refused(capsys, *words):
    """Run a command that must fail; its sentence."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 1
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert shown.out == ""
    return shown.err[shown.err.index("Error: ") :]


@pytest.fixture
def folder(tmp_path):
    """One annotated image with two particles and strokes."""
    labels = np.zeros(ROWS.shape, np.uint16)
    labels[np.hypot(ROWS - 20, COLUMNS - 20) <= 8] = 1
    labels[np.hypot(ROWS - 40, COLUMNS - 50) <= 9] = 2
    grey = np.random.default_rng(0).normal(60, 4, labels.shape) + 90 * (labels > 0)
    for part, pixels in {
        "images": grey.astype(np.uint8),
        "labels": labels,
        "background": np.where((ROWS > 52) & (labels == 0), 1, 0).astype(np.uint8),
    }.items():
        (tmp_path / "in" / part).mkdir(parents=True)
        tifffile.imwrite(tmp_path / "in" / part / "a.tif", pixels)
    return tmp_path / "in"


@pytest.fixture
def pairs(folder, tmp_path):
    """The same image as a folder of pairs."""
    shutil.copytree(folder / "images", tmp_path / "pairs" / "images")
    shutil.copytree(folder / "labels", tmp_path / "pairs" / "masks")
    return tmp_path / "pairs"


def write(part, pixels):
    return lambda folder: tifffile.imwrite(folder / part / "a.tif", pixels, photometric="minisblack")


def nan_image(folder):
    grey = tifffile.imread(folder / "images" / "a.tif").astype(np.float32)
    grey[3, 4] = np.nan
    tifffile.imwrite(folder / "images" / "a.tif", grey)


def point(folder):
    for part in ("images", "labels", "background"):
        tifffile.imwrite(folder / part / "a.tif", np.zeros((1, 1), np.uint8))


SPOILT = {
    "no particle": (write("labels", np.zeros(ROWS.shape, np.uint8)), "contains no particles: all pixels"),
    "labels of other shape": (
        write("labels", np.ones((9, 9), np.uint8)),
        "has shape (9, 9), but its image has (64, 72)",
    ),
    "labels not whole": (write("labels", np.full(ROWS.shape, 0.5, np.float32)), "contains 0.5 at row 0, column 0"),
    "no label file": (lambda folder: (folder / "labels" / "a.tif").unlink(), "labels"),
    "no labels folder": (lambda folder: shutil.rmtree(folder / "labels"), "has no folder labels/"),
    "no image": (lambda folder: (folder / "images" / "a.tif").unlink(), "images"),
    "labels of no image": (
        lambda folder: shutil.copy(folder / "labels" / "a.tif", folder / "labels" / "b.tif"),
        "has no matching image",
    ),
    "empty file": (lambda folder: (folder / "images" / "a.tif").write_bytes(b""), "cannot be read"),
    "broken file": (lambda folder: (folder / "images" / "a.tif").write_bytes(b"II*\0" + 30 * b"x"), "cannot be read"),
    "constant image": (write("images", np.full(ROWS.shape, 7, np.uint8)), "all 4608 pixels are 7"),
    "NaN": (nan_image, "1 of 4608 pixels are NaN or infinite"),
    "one pixel": (point, "is 1 x 1 px"),
    "three pages": (write("images", np.ones((3, *ROWS.shape), np.uint8)), "is a stack"),
    "strokes over a particle": (
        write("background", (ROWS == 20).astype(np.uint8)),
        "17 pixels of the background strokes lie on labelled particles; the first is label 1",
    ),
    "all particles cut by the border": (
        write("labels", (ROWS < 5).astype(np.uint8)),
        "1 cut by the border",
    ),
    "no background known": (
        write("background", np.zeros(ROWS.shape, np.uint8)),
        "sure background",
    ),
}


@pytest.mark.parametrize(
    ("spoil", "command"),
    [
        (spoil, command)
        for spoil in SPOILT
        for command in ("learn", "train", "synthesize")
        if command != "train" or spoil not in ("all particles cut by the border", "no background known")
    ],
)
def test_spoilt_annotation_is_refused(folder, tmp_path, spoil, command, capsys):
    change, message = SPOILT[spoil]
    change(folder)
    before = hashes(folder)
    words = {
        "learn": ["learn", folder, "--out", tmp_path / "model"],
        "train": ["train", folder, "--out", tmp_path / "model", "--steps", "1"],
        "synthesize": ["synthesize", "cutpaste", folder, "--out", tmp_path / "made.zarr"],
    }[command]
    assert message in refused(capsys, *words)
    assert hashes(folder) == before


@pytest.mark.parametrize("command", ["measure", "predict"])
@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.full((64, 64), np.nan, np.float32), "4096 of 4096 pixels are NaN"),
        (np.ones((2, 3, 4, 64, 64), np.uint8), "use the axes T, Z, C, Y, X"),
        (None, "cannot be read"),
    ],
)
def test_bad_images_are_refused(model, tmp_path, command, pixels, message, capsys):
    path = tmp_path / "bad.tif"
    path.write_bytes(b"no image") if pixels is None else tifffile.imwrite(path, pixels, photometric="minisblack")
    before = path.read_bytes()
    assert message in refused(capsys, command, model, path, "--out", tmp_path / "out")
    assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (5, 300)])
def test_images_without_any_particle_are_measured(model, tmp_path, shape, capsys):
    tifffile.imwrite(tmp_path / "even.tif", np.full(shape, 9, np.uint8))
    assert main(["measure", str(model), str(tmp_path / "even.tif"), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "particles.csv").read_text().count("\n") >= 1


def test_more_particles_than_fit(folder, tmp_path, capsys):
    (tmp_path / "recipe.yaml").write_text("kind: cutpaste\nparticles: 400\noverlap: 0\n")
    message = refused(capsys, "synthesize", tmp_path / "recipe.yaml", folder, "--out", tmp_path / "made.zarr")
    assert "400 particles do not fit into 64 x 72 px" in message


@pytest.mark.parametrize("command", ["learn", "train", "synthesize", "sizes", "measure", "predict", "export", "import"])
def test_what_is_there_already_is_not_overwritten(folder, pairs, tmp_path, command, dataset, model, capsys):
    out = tmp_path / "out.zarr"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    words = {
        "learn": ["learn", folder, "--out", out],
        "train": ["train", folder, "--out", out],
        "synthesize": ["synthesize", "cutpaste", folder, "--out", out],
        "sizes": ["sizes", folder / "labels", "--out", out],
        "measure": ["measure", model, folder / "images", "--out", out],
        "predict": ["predict", model, folder / "images", "--out", out],
        "export": ["export", dataset, out],
        "import": ["import", pairs, out],
    }[command]
    assert str(out) in refused(capsys, *words)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_broken_dataset(dataset, tmp_path, capsys):
    broken = tmp_path / "broken.zarr"
    shutil.copytree(dataset, broken)
    (broken / "zarr.json").write_text("{")
    assert "broken.zarr" in refused(capsys, "export", broken, tmp_path / "out")
    shutil.rmtree(broken)
    shutil.copytree(dataset, broken)
    next((broken / "rows").iterdir()).unlink()
    assert "not written yet" in refused(capsys, "export", broken, tmp_path / "out2")
    (tmp_path / "empty.zarr").mkdir()
    assert "empty.zarr" in refused(capsys, "export", tmp_path / "empty.zarr", tmp_path / "out3")


@pytest.mark.parametrize("damage", ["empty folder", "no weights", "broken config", "a file"])
def test_a_folder_that_is_not_a_model(model, folder, tmp_path, damage, capsys):
    other = tmp_path / "model"
    if damage == "a file":
        other.write_text("no model")
    elif damage == "empty folder":
        other.mkdir()
    else:
        shutil.copytree(model, other)
        (other / "config.json").write_text("{") if damage == "broken config" else None
        for path in other.glob("*.h5") if damage == "no weights" else ():
            path.unlink()
    assert str(other) in refused(capsys, "measure", other, folder / "images", "--out", tmp_path / "out")


def test_a_wrong_format_is_named(dataset, tmp_path, capsys):
    message = refused(capsys, "export", dataset, tmp_path / "out", "--format", "voc")
    assert "There is no exchange format 'voc'.\nAvailable: coco, imagej, pairs, stardist." in message


@pytest.mark.parametrize("command", ["learn", "train", "synthesize", "sizes", "measure", "predict", "export", "import"])
def test_a_full_disk_is_told(folder, pairs, tmp_path, command, dataset, model, monkeypatch, capsys):
    out = tmp_path / "out.zarr"
    before = hashes(folder)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    words = {
        "learn": ["learn", folder, "--out", out],
        "train": ["train", folder, "--out", out, "--steps", "1"],
        "synthesize": ["synthesize", "cutpaste", folder, "--out", out],
        "sizes": ["sizes", folder / "labels", "--out", out],
        "measure": ["measure", model, folder / "images", "--out", out],
        "predict": ["predict", model, folder / "images", "--out", out],
        "export": ["export", dataset, out],
        "import": ["import", pairs, out],
    }[command]
    monkeypatch.setattr(os, "replace", full)
    assert "the disk is full" in refused(capsys, *words)
    assert hashes(folder) == before


def test_a_recipe_file_that_contains_itself_is_refused_everywhere(folder, tmp_path, capsys):
    path = tmp_path / "loop.yaml"
    path.write_text(f"kind: batches\nrecipe: {path}\n")
    assert "contains itself" in refused(capsys, "synthesize", path, "--out", tmp_path / "out.zarr")
    assert "contains itself" in refused(capsys, "learn", folder, "--recipe", path, "--out", tmp_path / "out")


def test_what_the_system_refuses_is_one_sentence(tmp_path, capsys):
    name = "a" * 300
    message = refused(capsys, "measure", "threshold", tmp_path / name, "--out", tmp_path / "out")
    assert name[:100] in message and "name too long" in message


def test_a_note_that_is_no_text_is_another_run(pairs, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.yaml").write_bytes(b"\xff")
    assert "other inputs" in refused(capsys, "sizes", pairs / "masks", "--out", out)
