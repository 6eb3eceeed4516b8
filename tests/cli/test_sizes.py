"""Measure labels and compare results on the command line."""

import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from particleforge.cli import main


def discs(seed, count=30, size=200):
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size), np.uint16)
    y, x = np.mgrid[:size, :size]
    for label in range(1, count + 1):
        centre, radius = rng.uniform(0, size, 2), rng.uniform(4, 12)
        labels[(np.hypot(y - centre[0], x - centre[1]) <= radius) & (labels == 0)] = label
    return labels


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "given").mkdir()
    for seed, name in enumerate(("a", "b")):
        tifffile.imwrite(tmp_path / "given" / f"{name}.tif", discs(seed))
    return tmp_path / "given"


QUICK = ["--precision", "{resamples: 100}", "--pixel-size", "2 nm"]


@pytest.mark.slow
def test_one_command_gives_a_report_per_image_and_one_of_all(folder, tmp_path, capsys):
    (folder / "broken.tif").write_bytes(b"II*\0")
    out = tmp_path / "out"
    assert main(["sizes", str(folder), "--out", str(out), "--border", "drop", *QUICK]) == 1
    output = capsys.readouterr().out
    assert "not_measured: broken" in output and "report: " in output and "rule drop" in output
    names = {f"{name}.{suffix}" for name in ("a", "b") for suffix in ("html", "json")}
    assert {path.name for path in (out / "reports").iterdir()} == names
    overview = (out / "report.html").read_text(encoding="utf-8")
    assert 'href="reports/a.html"' in overview and "1 image could not be measured" in overview
    table = pd.read_parquet(out / "particles.parquet")
    pd.testing.assert_frame_equal(table, pd.read_csv(out / "particles.csv"), check_dtype=False)
    whole = json.loads((out / "report.json").read_text(encoding="utf-8"))
    counted = table[~table["touches_border"]]
    assert whole["distribution"]["count"] == len(counted)
    expected = np.exp(np.log(counted["ecd_nm"]).mean())
    assert whole["distribution"]["number"]["geometric_mean"]["value"] == pytest.approx(expected)
    low, high = whole["intervals"]["geometric_mean"]
    assert low < expected < high


def test_an_image_without_a_pixel_size_is_named_where_sizes_are_not_taken_together(folder, tmp_path, capsys):
    tifffile.imwrite(folder / "c.tif", discs(3), resolution=(5e6, 5e6), resolutionunit="CENTIMETER")
    tifffile.imwrite(folder / "empty.tif", np.zeros((50, 60), np.uint16))
    out = tmp_path / "out"
    assert main(["sizes", str(folder), "--out", str(out), "--no-reports", *QUICK[:2]]) == 0
    output = capsys.readouterr().out
    assert "diameter: not pooled over all images. The pixel size of 2 images is unknown: a, b. " in output
    (folder / "a.tif").unlink()
    (folder / "b.tif").unlink()
    assert main(["sizes", str(folder), "--out", str(tmp_path / "sized"), "--no-reports", *QUICK[:2]]) == 0
    assert "diameter: geometric mean" in capsys.readouterr().out


def test_gap_and_density_are_options(folder, tmp_path, capsys):
    out, options = tmp_path / "out", ["--no-reports", *QUICK[:2]]
    assert main(["sizes", str(folder), "--out", str(out), "--gap", "5 nm", *options]) == 1
    assert "particles of 5 nm needs a known pixel size. Give the pixel size" in capsys.readouterr().err
    sized = ["--gap", "5 nm", "--pixel-size", "2 nm", "--density", "7.9"]
    assert main(["sizes", str(folder), "--out", str(tmp_path / "sized"), *sized, *options]) == 0
    assert "aggregation: " in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "sized" / "particles.csv")["mass_fg"].gt(0).all()


@pytest.mark.slow
def test_results_are_compared_with_the_first_of_them(folder, tmp_path, capsys):
    for name, size in (("one", "2 nm"), ("two", "3 nm")):
        options = [*QUICK, "--no-reports", "--pixel-size", size]
        assert main(["sizes", str(folder), "--out", str(tmp_path / name), *options]) == 0
    report = tmp_path / "comparison.html"
    results = [str(tmp_path / name) for name in ("one", "two")]
    capsys.readouterr()
    assert main(["compare-sizes", *results, "--out", str(report), "--resamples", "100", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["comparisons"]["two"]
    assert found["geometric_mean_percent"] == pytest.approx(50, rel=1e-4)
    low, high = found["geometric_mean_interval"]
    assert low < 50 < high
    assert found["wasserstein"] == pytest.approx(np.log(1.5), rel=1e-4)
    assert found["p_value"] == pytest.approx(1 / 101)
    assert "Differences from the reference" in report.read_text(encoding="utf-8")
    other = [*QUICK, "--no-reports", "--border", "keep_all"]
    assert main(["sizes", str(folder), "--out", str(tmp_path / "three"), *other]) == 0
    assert main(["compare-sizes", results[0], str(tmp_path / "three"), "--out", str(report)]) == 1
    assert "other rules" in capsys.readouterr().err
