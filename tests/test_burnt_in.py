import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from particleforge.burnt_in import marks, picture_rows

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
def test_anything_but_a_bar_stays(make):
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


def written(image, ink, text="200 nm", place=(200, 30), long=90):
    """A scale bar of 5 rows with letters above."""
    drawn = Image.fromarray(image.astype(np.uint8))
    pen = ImageDraw.Draw(drawn)
    (y, x), font = place, ImageFont.load_default(20)
    pen.rectangle((x, y, x + long - 1, y + 4), fill=ink)
    pen.text((x + 8, y - 26), text, ink, font)
    box = pen.textbbox((x + 8, y - 26), text, font)
    return np.asarray(drawn, float), box


@pytest.mark.parametrize("ink", [0, 255])
@pytest.mark.parametrize("text", ["200 nm", "50nm", "1.5 nm"])
def test_a_scale_bar_and_its_letters_are_found(ink, text):
    image, (left, top, right, bottom) = written(np.clip(picture(), 20, 235), ink, text)
    bar, line = marks(image)
    assert bar == (slice(200, 205), slice(30, 120))
    y, x = line
    assert abs(y.start - top) <= 2 and bottom <= y.stop <= bottom + 8
    assert abs(x.start - left) <= 3 and abs(x.stop - right) <= 3


def test_a_bar_without_letters_is_none():
    assert marks(written(np.clip(picture(), 20, 235), 255, "")[0]) == []


def test_discs_in_a_row_over_a_bar_are_not_letters():
    image = written(np.clip(picture(), 20, 200), 255, "")[0]
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for cx in (40, 60, 80, 100):
        image[(y - 185) ** 2 + (x - cx) ** 2 < 81] = 255
    assert marks(image) == []


def test_rods_alone_are_not_bars():
    image = np.full(SHAPE, 30.0)
    for top in (40, 80, 120):
        image[top : top + 8, 50:120] = image[top : top + 8, 130:200] = 250
    assert marks(image) == []


@pytest.mark.parametrize("image", [np.zeros((30, 40)), np.full((5, 5), np.nan), np.zeros((1, 1)), np.zeros((0, 3))])
def test_odd_images_have_no_marks(image):
    assert marks(image) == []


def ruler(count: int = 11, step: float = 20.0, grey: float = 1.0, seed: int = 0) -> np.ndarray:
    """A noisy field of greys with a row of ticks in its lower right corner."""
    image = np.random.default_rng(seed).normal(0.4, 0.03, (300, 400))
    for i in range(count):
        x = round(150 + i * step)
        image[284:289, x : x + 2] = grey
    return image


@pytest.mark.parametrize("grey", [1.0, 0.0])
@pytest.mark.parametrize("turned", [False, True])
def test_a_row_of_ticks_is_a_scale_bar(grey: float, turned: bool) -> None:
    image = ruler(grey=grey)
    image[10, 10] = 1 - grey
    found = marks(image[::-1] if turned else image)
    covered = np.zeros(image.shape, bool)
    for window in found:
        covered[window] = True
    if turned:
        covered = covered[::-1]
    assert covered[284:289, 150:352].all() and covered.mean() < 0.03


def test_a_tick_lost_in_the_background_does_not_hide_the_others() -> None:
    image = ruler()
    image[280:292, 228:234] = 0.4
    assert len(marks(image)) == 1


@pytest.mark.parametrize("image", [ruler(count=6), ruler(step=4.0)], ids=["few", "close"])
def test_other_rows_are_left_in_the_picture(image: np.ndarray) -> None:
    assert not marks(image)


def test_particles_at_random_are_no_ticks() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        image = rng.normal(0.4, 0.03, (300, 400))
        for y, x in rng.uniform((2, 2), (296, 396), (150, 2)).astype(int):
            image[y : y + 4, x : x + 4] = 1
        assert not marks(image)


def test_noise_holds_no_ticks() -> None:
    for seed in range(10):
        assert not marks(np.random.default_rng(seed).normal(0.5, 0.1, (300, 400)))
