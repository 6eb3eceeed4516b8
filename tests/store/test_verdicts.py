"""What a person said of found particles becomes an annotation."""

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.store.annotated import read_annotated
from particleforge.store.labels import write_labels
from particleforge.store.micrographs import write_micrograph


@pytest.fixture
def labels():
    """Four squares, numbered 1 to 4."""
    labels = np.zeros((40, 40), np.uint32)
    for number, (y, x) in enumerate([(5, 5), (5, 25), (25, 5), (25, 25)], start=1):
        labels[y : y + 10, x : x + 10] = number
    return labels


@pytest.fixture
def folder(tmp_path, labels):
    """Annotated folder with the squares as what was found, and one stroke of background."""
    for part in ("images", "labels", "background", "verdicts"):
        (tmp_path / part).mkdir()
    noise = np.random.default_rng(0).integers(0, 99, labels.shape).astype(np.uint8)
    write_micrograph(tmp_path / "images" / "a.tif", Micrograph(noise))
    write_labels(tmp_path / "labels" / "a.tif", labels)
    return tmp_path


def judged(folder, text):
    (folder / "verdicts" / "a.csv").write_text(text)
    (sample,) = read_annotated(folder)
    return sample


def test_confirmed_are_particles_rejected_are_background_and_the_rest_is_unknown(folder, labels):
    sample = judged(folder, "label,verdict\n1,confirmed\n4, confirmed\n2,rejected\n")
    assert (sample.labels == np.where((labels == 1) | (labels == 4), labels, 0)).all()
    assert (sample.known == ((labels > 0) & (labels != 3))).all()
    assert (sample.background == (labels == 2)).all()


def test_strokes_add_background_even_on_what_was_not_confirmed(folder, labels):
    strokes = np.zeros(labels.shape, np.uint8)
    strokes[26, 6:9] = strokes[38, :] = 1
    write_labels(folder / "background" / "a.tif", strokes)
    sample = judged(folder, "label,verdict\n1,confirmed\n2,rejected\n")
    assert (sample.background == ((labels == 2) | (strokes > 0))).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a table of verdicts"),
        ("id,ok\n1,yes\n", "not a table of verdicts"),
        ("label,verdict\n1,maybe\n", "'1,maybe' is not a label and a verdict"),
        ("label,verdict\n-1,confirmed\n", "is not a label and a verdict"),
        ("label,verdict\n1,confirmed\n1,rejected\n", "two verdicts on label 1"),
        ("label,verdict\n9,confirmed\n", "verdict on label 9"),
    ],
)
def test_a_table_that_is_wrong_is_refused(folder, text, words):
    with pytest.raises(UserError, match=words):
        judged(folder, text)


def test_a_table_without_image_is_refused(folder):
    (folder / "verdicts" / "b.csv").write_text("label,verdict\n1,confirmed\n")
    with pytest.raises(UserError, match="no matching image"):
        read_annotated(folder)
