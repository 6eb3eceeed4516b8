import csv
import json

import pytest
import yaml

from particleforge.errors import UserError
from particleforge.store.annotated import write_annotated
from particleforge.workflows.evaluate import EvaluateParams
from particleforge.workflows.repeat import repeat

FEW = EvaluateParams.parse({"precision": {"resamples": 100}})
TINY = {
    "steps": 2,
    "minutes": None,
    "patch_px": 32,
    "batch_size": 1,
    "validations": 1,
    "start": "scratch",
    "network": {"n_rays": 8, "unet_n_depth": 1, "unet_n_filter_base": 2, "net_conv_after_unet": 4},
}


@pytest.fixture
def plan(drawn, tmp_path):
    """Plan of two arms on the same data, and the data."""
    write_annotated(tmp_path / "real", [drawn(seed) for seed in range(2)])
    write_annotated(tmp_path / "test", [drawn(seed) for seed in range(2, 5)])
    arms = {
        "short": {"verb": "train", "inputs": [str(tmp_path / "real")], "params": TINY},
        "longer": {"verb": "train", "inputs": [str(tmp_path / "real")], "params": TINY | {"steps": 3}},
    }
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump({"arms": arms, "test": [str(tmp_path / "test")], "seeds": 2}, sort_keys=False))
    return path


@pytest.mark.slow
def test_arms_are_trained_and_judged_and_more_seeds_can_follow(drawn, plan, tmp_path):
    out = tmp_path / "out"
    step = repeat.steps(plan, out, FEW)
    while not (out / "models" / "longer-seed0" / "model.yaml").exists():
        next(step)
    step.close()
    done = repeat(plan, out, FEW)
    assert json.loads((out / "repeat.json").read_text()) == done.data
    found = done.data["datasets"]["test"]
    assert found["images"] == 3 and list(found["values"]) == ["short", "longer"]
    assert len(found["values"]["short"]["f1"]["values"]) == 2
    assert list(found["differences"]) == ["longer"]
    with (out / "runs.csv").open(encoding="utf-8") as file:
        runs = list(csv.DictReader(file))
    assert [(run["arm"], run["seed"]) for run in runs] == [
        ("short", "0"),
        ("short", "1"),
        ("longer", "0"),
        ("longer", "1"),
    ]
    weights = {path: path.stat().st_mtime_ns for path in (out / "models").rglob("*") if path.is_file()}
    plan.write_text(plan.read_text().replace("seeds: 2", "seeds: 3"))
    more = repeat(plan, out, FEW)
    assert (
        more.data["datasets"]["test"]["values"]["short"]["f1"]["values"][:2] == found["values"]["short"]["f1"]["values"]
    )
    assert {path: path.stat().st_mtime_ns for path in weights} == weights
    write_annotated(tmp_path / "other", [drawn(9)])
    (tmp_path / "real" / "labels" / "discs_0.tif").write_bytes(
        (tmp_path / "other" / "labels" / "discs_9.tif").read_bytes()
    )
    with pytest.raises(UserError, match="other inputs or parameters"):
        repeat(plan, out, FEW)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arms": {}}, "There are no arms"),
        ({"test": []}, "nothing to judge the models on"),
        ({"arms": {"a": {"verb": "measure", "inputs": ["x"]}}}, "arm a|verb = 'measure'"),
        ({"arms": {"a": {"verb": "learn"}}}, "arm a: There is nothing to learn from"),
        ({"arms": {"a": {"verb": "learn", "inputs": ["x"], "params": {"seed": 3}}}}, "The seed is given by the plan"),
        ({"arms": {"a": {"verb": "learn", "inputs": ["x"], "params": {"budget": 3}}}}, "no parameter 'budget'"),
        ({"arms": {"a/b": {"verb": "learn", "inputs": ["x"]}}}, "cannot be a file name"),
        ({"arms": {"a": {"verb": "lern", "inputs": ["x"]}}}, "verb = 'lern'"),
        ({"seeds": 0}, "greater than or equal to 1"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_before_anything_is_trained(plan, tmp_path, change, message):
    plan.write_text(yaml.safe_dump(yaml.safe_load(plan.read_text()) | change, sort_keys=False))
    with pytest.raises(UserError, match=message):
        repeat(plan, tmp_path / "out", FEW)
    assert not (tmp_path / "out").exists()
