import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from skimage.draw import disk, ellipse

from particleforge.errors import UserError
from particleforge.store.instances import check_instances


def image_of(*discs, shape=(80, 120), number=None):
    """Discs given as (y, x, radius), numbered one by one or all with one number."""
    labels = np.zeros(shape, np.uint32)
    for i, (y, x, radius) in enumerate(discs, 1):
        labels[disk((y, x), radius, shape=shape)] = i if number is None else number
    return labels


FOUR = [(20, 20, 9), (20, 80, 14), (60, 30, 6), (60, 90, 11)]
CHAIN = [(40, 16 + 20 * i, 10.1) for i in range(5)]


@pytest.mark.parametrize("number", [1, 255, 65535])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_mask_of_few_particles_is_refused(number, count):
    with pytest.raises(UserError, match=f"all {count} separate regions have the number {number}") as caught:
        check_instances(image_of(*FOUR[:count], number=number), "mask.png")
    assert "skimage.measure.label" in caught.value.hint
    assert check_instances(image_of(*FOUR[:count]), "labels.png") == ()


def test_a_chain_of_touching_particles_is_refused_in_white_and_doubted_else():
    for count in (2, 3, 5):
        with pytest.raises(UserError, match=r"255, has one region with notches \d+ px deep") as caught:
            check_instances(image_of(*CHAIN[:count], number=255), "mask.png")
        assert "give it the number 1" in caught.value.hint
        (doubt,) = check_instances(image_of(*CHAIN[:count], number=1), "mask.png")
        assert "several particles that touch" in doubt


@pytest.mark.parametrize("number", [1, 7, 255])
@pytest.mark.parametrize("radii", [(1.1, 1.1), (2, 2), (3, 3), (3, 20), (10, 10), (8, 35), (1.5, 30)])
@pytest.mark.parametrize("degrees", [0, 20, 45])
def test_one_particle_alone_is_a_particle(number, radii, degrees):
    labels = np.zeros((80, 90), np.uint32)
    labels[ellipse(40, 45, *radii, rotation=np.deg2rad(degrees))] = number
    assert check_instances(labels, "one.tif") == ()


def test_a_few_stray_pixels_are_not_another_particle():
    labels = image_of((40, 40, 12), number=255)
    labels[3, 100] = labels[5:8, 5:8] = 255
    assert check_instances(labels, "stray.tif") == ()
    beads = np.zeros((9, 9), np.uint32)
    beads[1, 1] = beads[4, 4] = beads[7, 7] = 255
    with pytest.raises(UserError, match="all 3 separate regions"):
        check_instances(beads, "beads.tif")


@pytest.mark.parametrize("discs", [FOUR, FOUR[:1]])
@pytest.mark.parametrize(("particle", "background"), [(1, 2), (2, 1), (255, 1)])
def test_a_map_of_classes_is_refused(discs, particle, background):
    labels = np.where(image_of(*discs) > 0, particle, background).astype(np.uint32)
    with pytest.raises(UserError, match="no pixel is 0") as caught:
        check_instances(labels, "weka.tif")
    assert "ilastik" in caught.value.hint


def test_a_map_of_two_classes_on_background_is_refused():
    labels = image_of(*FOUR, (20, 50, 5), (60, 60, 5))
    classes = np.array([0, 1, 2, 1, 2, 1, 2], np.uint32)[labels]
    with pytest.raises(UserError, match="2 numbers in 6 separate regions"):
        check_instances(classes, "classes.png")


def test_an_inverted_mask_is_refused():
    with pytest.raises(UserError, match="all four edges") as caught:
        check_instances(np.where(image_of(*FOUR) > 0, 0, 255).astype(np.uint32), "inverted.png")
    assert "Exchange" in caught.value.hint


def test_a_micrograph_is_no_label_image():
    grey = np.random.default_rng(0).integers(0, 40, (60, 60), dtype=np.uint32)
    with pytest.raises(UserError, match=r"39 numbers in \d{4} separate regions; it is a micrograph"):
        check_instances(grey, "grey.tif")


def test_particles_in_two_pieces_with_strays_are_labels():
    labels = image_of(*FOUR[:2])
    labels[:, 20] = labels[:, 80] = 0
    labels[2, 2] = 1
    labels[70:72, 100] = 2
    assert check_instances(labels, "pieces.tif") == ()


def test_an_image_without_particles_is_one():
    assert check_instances(np.zeros((3, 3), np.uint32), "none.tif") == ()
    assert check_instances(np.zeros((0, 3), np.uint32), "empty.tif") == ()


@given(
    centres=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=8, unique=True),
    radius=st.integers(1, 8),
)
def test_numbered_discs_are_labels_and_their_mask_is_not(centres, radius):
    discs = [(12 + 20 * y, 12 + 20 * x, radius) for y, x in centres]
    numbered = image_of(*discs, shape=(90, 90))
    assume(len(np.unique(numbered)) == len(discs) + 1)
    assert check_instances(numbered, "numbered.tif") == ()
    with pytest.raises(UserError, match="it is a mask"):
        check_instances(np.where(numbered > 0, np.uint32(1), np.uint32(0)), "mask.tif")


@pytest.mark.parametrize("diameter", [8, 11, 16, 40])
@pytest.mark.parametrize("count", [2, 3])
def test_chains_of_any_size_are_doubted(diameter, count):
    y, x = np.mgrid[: diameter + 10, : count * diameter + 10]
    gaps = [np.hypot(y - diameter / 2 - 4.5, x - diameter / 2 - 4.5 - i * diameter) for i in range(count)]
    assert check_instances((np.min(gaps, axis=0) <= diameter / 2).astype(np.uint32), "chain.tif")
