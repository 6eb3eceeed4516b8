import json

import numpy as np
import pytest
import tifffile

from particleforge.cli.main import main
from particleforge.store.project import Project
from particleforge.store.teaching import save_teaching

TINY = (
    "{steps: 6, patch_px: 64, batch_size: 2, validations: 1, network: {n_rays: 16, unet_n_depth: 1,"
    " unet_n_filter_base: 4, net_conv_after_unet: 8, unet_batch_norm: true}}"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two micrographs of squares, in a folder with a space and a letter beyond ASCII."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "Gold für B"
    place.mkdir()
    for name in ("a 1", "b.2"):
        grey = np.random.default_rng(0).normal(30, 3, (80, 80))
        grey[10:30, 10:30] = grey[40:70, 40:70] = 200
        tifffile.imwrite(place / f"{name}.tif", grey.astype(np.uint8))
    return place


def answer(capsys, *words, code=0):
    assert main([*map(str, words), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_project_is_measured_by_one_command(folder, capsys):
    found = answer(capsys, "measure", "threshold", "--project", folder, "--no-reports", "--smallest-px", 25)
    assert found["summary"]["pooled"]["count"] == 4 and found["summary"]["pooled"]["counted"] == 2
    assert sorted(path.name for path in (folder / "particles").iterdir()) == ["a 1.tif", "b.2.tif"]
    again = answer(capsys, "measure", "--project", folder, "--no-reports")
    assert again["summary"]["pooled"]["counted"] == 4


def test_finding_and_measuring_are_two_commands(folder, capsys):
    found = answer(capsys, "find", folder, "--only", "b.2", "--model", "threshold")
    assert found["counts"] == {"b.2": 2} and found["found"] == "2 particles in 1 image"
    assert answer(capsys, "find", folder, "--only", "b.2")["found"] == "nothing new to search"
    sizes = answer(capsys, "sizes", "--project", folder, "--no-reports")
    assert list(sizes["summary"]["images"]) == ["b.2"] and "not searched" in sizes["remarks"]


def test_what_cannot_be_searched_is_named(folder, capsys):
    (folder / "b.2.tif").write_bytes(b"II*\0")
    found = answer(capsys, "find", folder, "--model", "threshold", code=1)
    assert list(found["counts"]) == ["a 1"] and found["not_measured"].startswith("b.2 (")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["measure"], "The argument images is missing."),
        (["measure", "base", "x"], "The argument out is missing."),
        (["measure", "base", "x", "--project", "."], "A project has its own images and results."),
        (["sizes", "x", "--project", "."], "A project has its own particles and results."),
        (["measure", "--project", "nowhere"], "is not a folder"),
        (["find", "."], "has no images"),
        (["sizes", "--project", "."], "has no images"),
        (["measure", "--project", "."], "has no images"),
    ],
)
def test_wrong_words_are_explained(tmp_path, monkeypatch, words, message, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_project_keeps_what_a_command_was_given_only_in_its_results(folder, capsys):
    answer(capsys, "measure", "threshold", "--project", folder, "--no-reports", "--smallest-px", 25)
    assert not Project(folder).file.exists()


def test_a_project_teaches_a_detector_of_its_own(folder, capsys):
    project = Project(folder)
    labels = np.zeros((80, 80), np.uint32)
    labels[10:30, 10:30], labels[40:70, 40:70] = 1, 2
    for name in project.names:
        save_teaching(project, name, labels, frozenset({1, 2}), complete=True)
    project.set(["a 1"], teaches=False)
    words = ["learn", "--project", folder, "--out", "mine", "--synthetic-per-image", 3, "--from", "scratch"]
    found = answer(capsys, *words, "--training", TINY)
    assert found["images"] == 1 and found["particles"] == 2
    assert found["model"] == str(folder / "models" / "mine")
    Project(folder).configure(detector="mine")
    assert Project(folder).detector == folder / "models" / "mine"
    assert answer(capsys, "find", folder)["project"] == str(folder)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["learn", "x"], "The argument out is missing."),
        (["learn", "--out", "x"], "The argument folder is missing."),
        (["learn", "x", "--project", ".", "--out", "x"], "A project has its own annotations."),
        (["learn", "--project", ".", "--out", "../x"], "cannot be a file name"),
        (["learn", "--project", ".", "--out", "x"], "teaches yet"),
    ],
)
def test_what_cannot_teach_is_explained(tmp_path, monkeypatch, words, message, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
