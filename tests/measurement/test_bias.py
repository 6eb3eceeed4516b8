"""Descriptors against closed forms: what the table in the docs says, and what it must not exceed."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2] / "docs" / "bias.py"
SPEC = importlib.util.spec_from_file_location("bias", HERE)
bias = sys.modules["bias"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bias)

CLOSE = ["area_px2", "ecd_px", "perimeter_px", "feret_max_px", "feret_min_px", "feret_mean_px"]
LOOSE = ["rectangle_length_px", "rectangle_width_px", "enclosing_px", "inscribed_px", "convexity", "solidity"]


@pytest.mark.parametrize("shape", bias.SHAPES, ids=lambda shape: shape.name)
def test_bias_at_50_px(shape):
    found = bias.bias_percent(shape, 50)
    assert found[CLOSE].abs().max() < 1, found
    assert found[LOOSE].abs().max() < 2, found
    for name in ("ellipse_major_px", "ellipse_minor_px", "fibre_length_px"):
        assert abs(found.get(name, 0)) < 0.5, name


@pytest.mark.slow
def test_bias_falls_with_size():
    worst = [max(bias.bias_percent(shape, size)[CLOSE].abs().max() for shape in bias.SHAPES) for size in (10, 50, 200)]
    assert worst[0] > worst[1] > worst[2]


def test_the_page_has_every_shape_and_descriptor(tmp_path, monkeypatch):
    monkeypatch.setattr(bias, "SIZES_PX", (10,))
    bias.write_bias(tmp_path)
    lines = (tmp_path / "bias.md").read_text(encoding="utf-8").splitlines()
    assert all(shape.name in lines[2] for shape in bias.SHAPES)
    cells = {row[1].strip(" `"): row[2] for row in (line.split("|") for line in lines if line.startswith("| `"))}
    expected = bias.bias_percent(bias.SHAPES[0], 10)["feret_max_px"]
    assert float(cells["feret_max_px"]) == pytest.approx(expected, abs=0.006)
