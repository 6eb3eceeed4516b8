import numpy as np
import pytest

from particleforge.annotate.progress import ENOUGH_PARTICLES, LEAST_AREA_PX, annotated, together
from particleforge.micrograph import Micrograph
from particleforge.recipes.cutpaste.canvases.auto import Auto
from particleforge.recipes.cutpaste.cutouts import CutoutRule, cut_out
from particleforge.sample import Sample
from particleforge.store.annotated import read_annotated, write_annotated


def labels_of(whole, border=0, small=0):
    """Squares of 5 px; at the top border; of 2 px."""
    labels = np.zeros((60, 120), np.uint32)
    for n in range(whole):
        labels[10:15, 2 + 8 * n : 7 + 8 * n] = n + 1
    for n in range(border):
        labels[0:5, 2 + 8 * n : 7 + 8 * n] = 100 + n
    for n in range(small):
        labels[20:22, 2 + 8 * n : 4 + 8 * n] = 200 + n
    return labels


def test_everything_is_counted():
    found = annotated(labels_of(4, 3, 2), None)
    assert (found.particles, found.whole, found.border, found.small) == (9, 4, 3, 2)
    assert (
        found.needed
        == f"Confirm or draw {ENOUGH_PARTICLES - 4} more whole particles; {ENOUGH_PARTICLES} are enough to start."
    )
    assert not found.ready


def test_an_empty_image_needs_everything():
    empty = np.zeros((60, 120), np.uint32)
    found = annotated(empty, empty > 0)
    assert found.needed == (
        "Confirm or draw 6 whole particles; 6 are enough to start. "
        'Brush some background or tick "every particle is annotated".'
    )
    assert "Confirm or draw 1 more whole particle;" in annotated(labels_of(5), None).needed


@pytest.mark.parametrize(("height", "width", "enough"), [(0, 0, False), (7, 100, False), (8, 10, False), (8, 11, True)])
def test_strokes_must_be_wide_enough(height, width, enough):
    strokes = np.zeros((60, 120), bool)
    strokes[40 : 40 + height, 5 : 5 + width] = True
    assert annotated(labels_of(6), strokes).background == enough


def test_strokes_below_particles_do_not_count():
    labels = labels_of(6)
    labels[40:50, 5:50] = 50
    assert not annotated(labels, labels == 50).background


def test_several_images_add_up():
    empty = np.zeros((60, 120), bool)
    parts = [annotated(labels_of(2, 1), empty), annotated(labels_of(4), None)]
    assert together(parts).ready
    assert together(parts).border == 1
    assert not together(parts[:1] * 2).ready
    assert not together([]).ready


def test_small_means_the_same_as_to_the_recipe():
    assert CutoutRule().min_area_px == LEAST_AREA_PX


def test_a_ready_annotation_can_be_learned_from(tmp_path):
    labels = labels_of(6, 1)
    strokes = np.zeros(labels.shape, bool)
    strokes[40:48, 5:16] = True
    assert annotated(labels, strokes).ready
    image = np.random.default_rng(0).integers(0, 255, labels.shape, np.uint8)
    sample = Sample(Micrograph(image, name="a"), labels, strokes | (labels > 0))
    write_annotated(tmp_path / "new", [sample])
    (back,) = read_annotated(tmp_path / "new")
    assert len(cut_out([back]).cutouts) == annotated(back.labels, back.background).whole == 6
    Auto().prepare([back]).draw((50, 50), np.random.default_rng(0))
