"""What a classifier learns from, and what is held out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.micrograph import Micrograph
from particleforge.models.classifier.crops import image_crops, particle_crops
from particleforge.models.classifier.examples import collect, hold_out_groups
from particleforge.models.classifier.train_params import ClassifierParams, CropParams
from particleforge.sample import Sample
from particleforge.step import run

GREY = np.zeros((4, 4), np.float32)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), min_size=1, max_size=20), st.floats(0, 0.9))
def test_groups_stay_together_and_no_class_is_lost(rows, share):
    samples = [
        Sample.unlabelled(Micrograph(GREY, name=str(i)), targets={"class": name, "group": f"g{group}"})
        for i, (name, group) in enumerate(rows)
    ]
    train_on, held_out = hold_out_groups(samples, ClassifierParams(of="images", held_out=share))
    assert sorted(s.name for s in [*train_on, *held_out]) == sorted(s.name for s in samples)
    groups, others = ({s.targets["group"] for s in part} for part in (train_on, held_out))
    assert not groups & others
    assert {s.targets["class"] for s in train_on} == {s.targets["class"] for s in samples}


def test_a_crop_is_centred_and_lifted_from_its_surroundings():
    grey, labels = np.full((60, 60), 5, np.float32), np.zeros((60, 60), np.int64)
    labels[20:40, 25:35] = 7
    grey[labels > 0] = 9
    ids, crops = particle_crops(grey, labels, CropParams(crop_px=30, silhouette=0.5))
    assert ids.tolist() == [7] and crops.shape == (1, 30, 30)
    inside = np.zeros((30, 30), bool)
    inside[5:25, 10:20] = True  # a window of 30 px round a box of 20 x 10 px
    np.testing.assert_array_equal(crops[0], np.where(inside, 255, 0))
    _, alone = particle_crops(-grey, labels, CropParams(crop_px=30, silhouette=1))
    np.testing.assert_array_equal(alone, crops)


def test_windows_show_the_whole_image():
    image = np.tile(np.linspace(0, 1, 90, dtype=np.float32), (40, 1))
    crops = image_crops(image, CropParams(crop_px=20))
    assert crops.shape == (3, 20, 20)
    assert image_crops(image.T, CropParams(crop_px=20)).shape == (3, 20, 20)
    assert image_crops(image[:, :40], CropParams(crop_px=20)).shape == (1, 20, 20)


@pytest.mark.parametrize("from_truth", [True, False])
def test_classes_are_those_of_the_truth_else_of_the_image(from_truth):
    labels = np.zeros((40, 40), np.uint32)
    labels[0:8, 5:12], labels[15:25, 15:25], labels[28:36, 28:36] = 1, 2, 3
    rng = np.random.default_rng(0)
    truth = pd.DataFrame({"label": [1, 2, 3], "class": ["x", "y", None]}) if from_truth else None
    micrograph = Micrograph(rng.random((40, 40)).astype(np.float32), name="image")
    sample = Sample(micrograph, labels, truth=truth, targets={"class": "x"})
    found = run(collect([sample], ("x", "y"), ClassifierParams()))
    # label 1 touches the border; label 3 has no class in the truth
    assert found.classes.tolist() == ([1] if from_truth else [0, 0])
