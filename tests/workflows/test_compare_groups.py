"""Groups within one folder of results compare like folders of results."""

from dataclasses import asdict

import numpy as np
import pytest
import tifffile

from particleforge.cli.main import main
from particleforge.errors import UserError
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.store.project import RESULTS, Project
from particleforge.workflows.compare_sizes import compare_sizes
from particleforge.workflows.measure import MeasureParams, measure

QUICK = Precision(resamples=200)
GIVEN = {"reports": False, "pixel_size_uncertainty": "2 %", "precision": QUICK}


def discs(seed, radius):
    """Bright discs of about one size."""
    rng = np.random.default_rng(seed)
    grey = rng.normal(40, 3, (160, 200))
    y, x = np.mgrid[:160, :200]
    for cy in range(20, 160, 40):
        for cx in range(20, 200, 40):
            grey[(y - cy) ** 2 + (x - cx) ** 2 < rng.normal(radius, 1.0) ** 2] = 180
    return grey.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A measured project with two images in each of three groups."""
    place = tmp_path_factory.mktemp("gold")
    for group, radius in {"10 min": 7, "20 min": 9, "30 min": 11}.items():
        (place / group).mkdir()
        for number in range(2):
            tifffile.imwrite(place / group / f"{group} {number}.tif", discs(radius + number, radius))
    project = Project(place)
    project.set(project.names, pixel_size_nm=2.0)
    project.configure(detector="threshold")
    measure(project=place, params=MeasureParams(**GIVEN))
    return place


def test_groups_compare_like_folders(folder, tmp_path):
    results = []
    for group in ("10 min", "20 min", "30 min"):
        results.append(
            measure("threshold", folder / group, tmp_path / group, MeasureParams(pixel_size="2 nm", **GIVEN)).out
        )
    by_folder = compare_sizes(results[0], results[1:], tmp_path / "folders.html", QUICK)
    by_group = compare_sizes(folder / RESULTS, out=tmp_path / "groups.html", params=QUICK, by="group")
    assert list(by_group) == list(by_folder) == ["20 min", "30 min"]
    for name, one in by_group.items():
        assert asdict(one) == asdict(by_folder[name])
        assert one.geometric_mean_interval[0] > 0
    assert "Differences from the reference" in (tmp_path / "groups.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"by": "colour"}, "cannot be compared by 'colour'"),
        ({"by": "group", "results": ["x"]}, "within one folder"),
        ({"by": "group", "out": None}, "out is missing"),
        ({}, "at least two samples"),
    ],
)
def test_what_cannot_be_compared_is_explained(folder, tmp_path, given, message):
    with pytest.raises(UserError, match=message):
        compare_sizes(folder / RESULTS, **{"out": tmp_path / "x.html", "params": QUICK, **given})
    assert not (tmp_path / "x.html").exists()


def test_a_single_group_is_too_few(folder, tmp_path):
    measure("threshold", folder / "10 min", tmp_path / "out", MeasureParams(reports=False))
    with pytest.raises(UserError, match="0 groups"):
        compare_sizes(tmp_path / "out", out=tmp_path / "x.html", params=QUICK, by="group")


def test_the_command_compares_groups(folder, tmp_path, capsys):
    words = ["compare-sizes", str(folder / RESULTS), "--by", "group", "--out", str(tmp_path / "x.html")]
    assert main([*words, "--resamples", "100"]) == 0
    assert "20 min: Wasserstein" in capsys.readouterr().out
