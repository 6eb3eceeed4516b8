import json
from dataclasses import replace

import pytest

from particleforge.errors import UserError
from particleforge.store.annotated import write_annotated
from particleforge.workflows.rank import RankParams, rank

TINY = {
    "steps": 2,
    "minutes": None,
    "patch_px": 32,
    "batch_size": 1,
    "validations": 1,
    "start": "scratch",
    "network": {"n_rays": 8, "unet_n_depth": 1, "unet_n_filter_base": 2, "net_conv_after_unet": 4},
}
FEW = {"looks": {"crops": 1, "images": 2}, "judging": {"precision": {"resamples": 100}, "gallery": 0}}
PARAMS = RankParams.parse(TINY | FEW)


def blurred(sample, share):
    """The same particles with less contrast."""
    pixels = (sample.micrograph.pixels * share).astype("uint8")
    return replace(sample, micrograph=replace(sample.micrograph, pixels=pixels))


@pytest.fixture
def folders(drawn, tmp_path):
    """Real images, labels, and three sets."""
    write_annotated(tmp_path / "real", [drawn(seed) for seed in range(2)])
    for place, share in enumerate((1.0, 0.7, 0.4)):
        write_annotated(tmp_path / f"set_{place}", [blurred(drawn(20 + place), share)])
    return tmp_path


@pytest.mark.slow
def test_sets_are_ranked_by_looks_and_by_detectors_and_a_run_is_continued(folders):
    sets = [folders / f"set_{place}" for place in range(3)]
    found = rank(sets, folders / "out", [folders / "real"], [folders / "real"], PARAMS)
    assert json.loads((folders / "out" / "rank.json").read_text()) == found.data
    own = found.data["datasets"]["real"]
    assert list(found.data["distances"]["kernel"]) == ["set_0", "set_1", "set_2"]
    assert own["figures"]["f1"].keys() == found.data["distances"]["kernel"].keys()
    assert found.data["sets"] == 3 and found.data["least_rho"] is None
    assert all(set(row) == set(own["rho"]["kernel"]) for row in own["rho"].values())
    assert "no correlation can be distinguished from chance" in (folders / "out" / "report.html").read_text()
    weights = {path: path.stat().st_mtime_ns for path in (folders / "out" / "trained" / "models").rglob("*.h5")}
    assert len(weights) == 3
    again = rank(sets, folders / "out", [folders / "real"], [folders / "real"], PARAMS)
    assert again.data == found.data
    assert {path: path.stat().st_mtime_ns for path in weights} == weights


def test_what_cannot_be_ranked_is_refused_before_anything_is_computed(folders):
    sets = [folders / f"set_{place}" for place in range(3)]
    real, out = [folders / "real"], folders / "out"
    with pytest.raises(UserError, match="There are 2 sets; at least 3"):
        rank(sets[:2], out, real, real, PARAMS)
    with pytest.raises(UserError, match="nothing to judge detectors on"):
        rank(sets, out, real, [], PARAMS)
    with pytest.raises(UserError, match="no labels to learn from"):
        rank([*sets[:2], folders / "real" / "images"], out, real, real, PARAMS)
    with pytest.raises(UserError, match="detectors are ranked"):
        rank(sets, out, real, real, RankParams.parse({"model": "estimator"}))
    with pytest.raises(UserError, match="no parameter 'budget'"):
        rank(sets, out, real, real, RankParams.parse({"settings": {"budget": 3}}))
    with pytest.raises(UserError, match="The seed is given by the plan"):
        rank(sets, out, real, real, RankParams.parse({"seed": 3}))
    assert not (out / "looks").exists()
