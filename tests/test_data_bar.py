import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from particleforge.data_bar import picture_rows

SHAPE = (256, 320)


def picture(seed=0, grey=110.0):
    """Bright blobs before noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    image = np.full(SHAPE, grey)
    for cy, cx in rng.uniform(0, 1, (12, 2)) * SHAPE:
        image[(y - cy) ** 2 + (x - cx) ** 2 < 15**2] += 60
    return np.clip(gaussian_filter(image, 1) + rng.normal(0, 8, SHAPE), 0, 255)


def bar(height, paper, ink):
    image = Image.new("L", (SHAPE[1], height), paper)
    pen = ImageDraw.Draw(image)
    pen.text((5, 1), "SEM HV: 5.0 kV  WD: 9.2 mm  Det: SE", ink, ImageFont.load_default(min(height - 4, 14)))
    pen.rectangle((240, height // 2, 300, height // 2 + 2), fill=ink)
    return np.asarray(image, float)


@settings(max_examples=30)
@given(st.integers(14, 70), st.sampled_from([(0, 255), (255, 0), (30, 220)]), st.booleans(), st.integers(0, 5))
def test_a_bar_along_either_edge_is_found(height, colours, above, seed):
    image, written = picture(seed), bar(height, *colours)
    parts = (written, image) if above else (image, written)
    rows = picture_rows(np.concatenate(parts))
    assert rows == ((height, height + SHAPE[0]) if above else (0, SHAPE[0]))


@pytest.mark.parametrize("quality", [60, 90])
def test_a_compressed_bar_is_found(tmp_path, quality):
    whole = np.concatenate([picture(), bar(40, 0, 255)]).astype(np.uint8)
    Image.fromarray(whole).save(tmp_path / "a.jpg", quality=quality)
    first, stop = picture_rows(np.asarray(Image.open(tmp_path / "a.jpg"), float))
    assert first == 0 and abs(stop - SHAPE[0]) <= 1


def test_units_of_grey_do_not_matter():
    whole = np.concatenate([picture(), bar(40, 0, 255)])
    assert picture_rows(whole * 257 - 1e4) == picture_rows(whole / 1e3) == (0, SHAPE[0])


def film_edge():
    image = picture()
    image[200:] += 70
    return image


def dark_ground():
    image = picture(grey=0)
    return np.where(image < 40, 0.0, image)


def stripes():
    return picture() + 40 * (np.arange(SHAPE[0]) // 20 % 2)[:, None]


@pytest.mark.parametrize("make", [picture, film_edge, dark_ground, stripes])
def test_what_is_no_bar_stays(make):
    assert picture_rows(make()) == (0, SHAPE[0])


@pytest.mark.parametrize(
    "image", [np.zeros((30, 40)), np.full((5, 5), np.nan), np.zeros((1, 1)), np.eye(2), np.zeros((0, 3))]
)
def test_odd_images_are_pictures(image):
    assert picture_rows(image) == (0, len(image))


def test_pixels_that_are_not_finite_do_no_harm():
    whole = np.concatenate([picture(), bar(40, 0, 255)])
    whole[5:9, 3:30] = np.nan
    assert picture_rows(whole) == (0, SHAPE[0])
