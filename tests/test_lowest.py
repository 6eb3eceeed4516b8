"""From annotated images to sizes, in seconds: what must work with every version that pyproject.toml allows."""

import json
import subprocess
import sys

from particleforge.cli.main import main
from particleforge.workflows.demo import SPHERES


def test_learn_measure_and_sizes_work(tmp_path, capsys):
    model, found = tmp_path / "model", tmp_path / "found"
    training = "{steps: 2, batch_size: 1, patch_px: 64, validations: 1}"
    words = ["learn", SPHERES / "annotated", "--out", model, "--minutes", "0.1", "--synthetic-per-image", "1"]
    assert main([*map(str, words), "--training", training]) == 0
    images = SPHERES / "annotated" / "images"
    assert main(["measure", str(model), str(images), "--out", str(found), "--pixel-size", "1 nm"]) in (0, 1)
    capsys.readouterr()
    labels = str(SPHERES / "annotated" / "labels")
    assert main(["sizes", labels, "--out", str(tmp_path / "sizes"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["pooled"]["count"] > 5


def test_the_command_starts():
    shown = subprocess.run([sys.executable, "-m", "particleforge.cli", "--version"], capture_output=True, text=True)
    assert shown.returncode == 0 and shown.stdout.startswith("particleforge ")
