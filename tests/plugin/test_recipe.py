"""A recipe of another package is as good as our own."""

import json

import numpy as np
import pytest

from particleforge.store.dataset import Dataset

COMMAND = ("-m", "particleforge.cli")
NEAR = """
kind: neighbourhood
recipe: large_dots
around: [{kind: dots, side_px: 3}]
"""


def test_it_is_synthesized(with_package, tmp_path):
    with_package(*COMMAND, "synthesize", "dots", "--out", str(tmp_path / "dots.zarr"), "--count", "3")
    dataset = Dataset.open(tmp_path / "dots.zarr")
    assert [sample.recipe["kind"] for sample in dataset] == ["dots"] * 3
    assert all(len(np.unique(sample.labels)) == 5 for sample in dataset)


@pytest.mark.parametrize("wrapper", [NEAR, "kind: batches\nrecipe: {kind: dots, side_px: 3}"])
def test_others_draw_from_it(with_package, tmp_path, wrapper):
    path = tmp_path / "wrapper.yaml"
    path.write_text(wrapper, encoding="utf-8")
    with_package(*COMMAND, "synthesize", str(path), "--out", str(tmp_path / "near.zarr"), "--count", "2")
    assert {(sample.labels > 0).sum() for sample in Dataset.open(tmp_path / "near.zarr")} == {4 * 9}


def test_its_presets_are_listed_and_found(with_package, tmp_path):
    listed = json.loads(with_package(*COMMAND, "recipes", "--json"))
    assert listed["large_dots"] == "Dots that nearly touch."
    with_package(*COMMAND, "synthesize", "large_dots", "--out", str(tmp_path / "large.zarr"), "--count", "1")
    assert (Dataset.open(tmp_path / "large.zarr")[0].labels > 0).sum() == 4 * 64


def test_listing_imports_neither_ours_nor_theirs(with_package):
    code = """
import sys
from particleforge.cli import main
main(["recipes"])
print([name for name in sys.modules if name.endswith(".recipe") or "dots" in name or name in ("scipy", "zarr")])
"""
    assert with_package("-c", code).splitlines()[-1] == "['particleforge.recipes.recipe']"


def test_a_broken_one_is_named_and_harms_no_other(with_package, tmp_path):
    output = with_package(*COMMAND, "synthesize", "broken", "--out", str(tmp_path / "broken.zarr"), fails=True)
    assert "The recipe 'broken' of the package particleforge-dots cannot be used" in output
    assert "Update or remove particleforge-dots" in output
    code = """
import warnings
from particleforge.recipes.any import RECIPES
with warnings.catch_warnings(record=True) as caught:
    found = RECIPES.members()
print("broken" in found, "dots" in found, "shapes" in found, str(caught[0].message))
"""
    assert with_package("-c", code).startswith("False True True The recipe 'broken' of the package particleforge-dots")
