"""What a detector states about an image, in words."""

import pytest

from particleforge.measurement.certainty import certainty_words, unsure

EXPECTED = {"value": 0.7, "low": 0.5, "high": 0.85}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, []),
        ({"certainty": None}, []),
        ({"certainty": 0.934}, ["certainty 0.93"]),
        (
            {"certainty": 0.6, "expected_f1": EXPECTED},
            ["certainty 0.60 (expected F1 0.70, 80 % between 0.50 and 0.85)"],
        ),
        ({"certainty": 0.7, "expected_f1": EXPECTED}, ["certainty 0.70 (expected F1, 80 % between 0.50 and 0.85)"]),
        ({"expected_f1": EXPECTED}, ["expected F1 0.70, 80 % between 0.50 and 0.85"]),
        ({"certainty": 1.0, "unlike_training": True}, ["certainty 1.00", "unlike the training images"]),
    ],
)
def test_only_what_is_known_is_stated(entry, words):
    assert certainty_words(entry) == words


def test_doubtful_and_strange_images_are_named():
    found = unsure({"a": {"certainty": 0.7, "expected_f1": EXPECTED}, "b": {"certainty": 0.9, "unlike_training": True}})
    assert "a (0.70, expected F1, 80 % between 0.50 and 0.85)" in found[0]
    assert "training of the detector: b." in found[1]
    assert len(found) == 2
