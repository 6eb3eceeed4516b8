import json
import subprocess
import sys

import pytest

from particleforge.cli.main import commands, main
from particleforge.workflows import VERBS

ARGUMENTS = {
    "learn": ["in", "--out", "out"],
    "measure": ["model", "in", "--out", "out"],
    "find": ["in"],
    "sizes": ["in", "--out", "out"],
    "compare-sizes": ["one", "two", "--out", "out.html"],
    "synthesize": ["cutpaste", "in", "--out", "out.zarr"],
    "train": ["in", "--out", "out"],
    "predict": ["model", "in", "--out", "out"],
    "adapt": ["model", "shapes", "--out", "out.yaml"],
    "classify": ["model", "in", "--out", "out"],
    "estimate": ["model", "in", "--out", "out"],
    "shadow": ["model", "in", "--out", "out"],
    "export": ["in.zarr", "out"],
    "evaluate": ["base", "in", "--out", "out"],
    "repeat": ["plan.yaml", "--out", "out"],
    "import": ["in", "out.zarr"],
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", commands())
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr()
    assert f"usage: particleforge {command}" in shown.out
    assert "--json" in shown.out
    assert shown.err == ""


def test_without_a_command_all_are_listed(capsys):
    assert main([]) == 0
    shown = capsys.readouterr().out
    for command, name in commands().items():
        assert command in shown
        assert VERBS.summary(name).removesuffix(".")[1:] in " ".join(shown.split())


def test_a_child_process_does_the_same():
    def called(*words):
        command = [sys.executable, "-m", "particleforge.cli", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    version = called("--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith("particleforge ")
    wrong = called("learn", "nowhere", "--out", "out")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "Error: nowhere has no folder images/." in wrong.stderr
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lern", "in"], "Did you mean learn?"),
        (["xyz"], "See 'particleforge --help'."),
        (["train", "in"], "the following arguments are required: --out"),
        (["predict", "--out", "x"], "required: model, images"),
        (["synthesize", "--out", "x"], "required: recipe"),
        (
            ["learn", "in", "--out", "x", "--minute", "3"],
            "Unrecognized arguments: --minute 3.\nDid you mean --minutes?",
        ),
        (["learn", "in", "--out", "x", "--qqqq"], "Unrecognized arguments: --qqqq.\nSee 'particleforge learn --help'."),
        (["sizes", "in", "--out", "x", "--pixelsize=1 nm"], "Did you mean --pixel-size?"),
        (["sizes", "in", "more", "--out", "x"], "Unrecognized arguments: more"),
        (["--jsn", "sizes", "in", "--out", "x"], "--jsn"),
    ],
)
def test_a_wrong_command_line_is_refused(words, message, capsys):
    assert main(words) == 2
    shown = capsys.readouterr()
    assert message.lower() in shown.err.lower()
    assert shown.out == ""


@pytest.mark.parametrize("command", ARGUMENTS)
def test_input_that_is_not_there_is_refused(command, capsys, tmp_path):
    assert main([command, *ARGUMENTS[command]]) == 1
    shown = capsys.readouterr()
    assert shown.err.strip().splitlines()[-2 if shown.err.count("\n") > 1 else -1]
    assert "Error: " in shown.err
    assert shown.out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("learn", ["--minutes", "0"], "minutes = 0: Input should be greater than 0."),
        ("learn", ["--pixel-size", "0.5"], "pixel_size = 0.5: '0.5' is not a length. Write a number and a unit"),
        ("learn", ["--minutes", "-5"], "minutes = -5"),
        ("learn", ["--minutes", "soon"], "minutes = 'soon': Input should be a valid number"),
        ("learn", ["--seed", "1.5"], "seed = 1.5: Input should be a valid integer"),
        ("learn", ["--training", "{stepz: 3}"], "no parameter 'training.stardist.stepz'.\nDid you mean 'steps'?"),
        ("learn", ["--recipe", "{overlap: 2}"], "overlap = 2: it is 2; the allowed range is 0 to 0.95."),
        ("learn", ["--training", "{steps: ["], "--training is not valid YAML"),
        ("learn", ["--params", "none.yaml"], "none.yaml cannot be read (No such file or directory)."),
        ("train", ["--augment", "{scale: many}"], "neither a number nor a distribution"),
        ("measure", ["--prob-thresh", "1.5"], "prob_thresh = 1.5: Input should be less than 1."),
        ("measure", ["--diameter", "20"], "'20' is not a length."),
        ("predict", ["--diameter", "20 nm", "--scale", "1"], "Diameter 20 nm and scale 1 are both given"),
        ("predict", ["--nms-thresh", "-0.1"], "nms_thresh = -0.1: Input should be greater than or equal to 0."),
        ("sizes", ["--pixel-size", "5"], "pixel_size = 5"),
        ("sizes", ["--pixel-size", "5 apples"], "'5 apples' is not a length."),
        ("synthesize", ["--count", "0"], "count = 0: Input should be greater than or equal to 1."),
        ("synthesize", ["--workers", "1000"], "workers = 1000: Input should be less than or equal to 256."),
    ],
)
def test_values_out_of_their_limits_are_refused(command, options, message, capsys, tmp_path):
    assert main([command, *ARGUMENTS[command], *options]) == 1
    shown = capsys.readouterr()
    assert message in shown.err
    assert "Traceback" not in shown.err
    assert not list(tmp_path.iterdir())


def test_options_go_before_the_file(tmp_path, capsys):
    (tmp_path / "params.yaml").write_text("options: {prob_thresh: 7, nms_thresh: 8}\n")
    assert main(["measure", "model", "in", "--out", "x", "--params", "params.yaml", "--prob-thresh", "0.5"]) == 1
    shown = capsys.readouterr().err
    assert "nms_thresh = 8" in shown
    assert "prob_thresh" not in shown


def test_ctrl_c_is_reported_in_a_sentence(monkeypatch, capsys):
    from particleforge.workflows.predict import predict

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(predict, "steps", interrupted)
    assert main(["predict", "model", "in", "--out", "x"]) == 130
    assert capsys.readouterr().err == "\nStopped.\n"


@pytest.mark.slow
def test_json_goes_to_stdout_and_progress_to_stderr(tmp_path, capsys):
    import numpy as np
    import tifffile

    (tmp_path / "in").mkdir()
    labels = np.zeros((30, 40), np.uint16)
    labels[5:15, 5:15] = 1
    tifffile.imwrite(tmp_path / "in" / "a.tif", labels)
    assert main(["sizes", "in", "--out", "out", "--json", "--pixel-size", "2 nm"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["summary"]["pooled"]["count"] == 1
    assert "100%" in shown.err
    assert main(["sizes", "in", "--out", "out2"]) == 0
    first, *more = capsys.readouterr().out.splitlines()
    assert first == "results: out2" and any(line.startswith("report: out2") for line in more)


def test_an_option_overrides_the_file_whatever_it_is_called_there(tmp_path, capsys):
    (tmp_path / "params.yaml").write_text("from: scratch\nminutes: 0\n")
    assert main(["learn", "in", "--out", "out", "--params", "params.yaml", "--start", "base"]) == 1
    assert "minutes = 0" in capsys.readouterr().err
    assert main(["learn", "in", "--out", "out", "--params", "params.yaml", "--start", "base", "--minutes", "1"]) == 1
    assert "no parameter" not in capsys.readouterr().err


def test_an_empty_section_of_a_file_is_as_none(tmp_path, capsys):
    (tmp_path / "params.yaml").write_text("options:\n")
    assert main(["measure", "base", "in", "--out", "out", "--params", "params.yaml", "--prob-thresh", "0.5"]) == 1
    assert "in does not exist" in capsys.readouterr().err


def test_a_thumbnail_needs_a_recipe(capsys):
    assert main(["recipes", "--thumbnail", "a.png"]) == 1
    assert "needs the name of a recipe" in capsys.readouterr().err
