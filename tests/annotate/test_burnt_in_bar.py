"""Bars that instruments burn into images are found, and distinguished by their length and text."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from particleforge.annotate.burnt_in_bar import find_burnt_in_bar

SHAPE = (220, 320)


def micrograph(text="200 nm", length=90, data_bar=40, seed=0, quality=None):
    """Noise above a black data bar with a scale bar and its text."""
    rng = np.random.default_rng(seed)
    image = Image.fromarray(np.clip(rng.normal(120, 6, SHAPE), 0, 255).astype(np.uint8))
    pen, top = ImageDraw.Draw(image), SHAPE[0] - data_bar
    if data_bar:
        pen.rectangle((0, top, SHAPE[1], SHAPE[0]), fill=0)
        pen.rectangle((200, top + 6, 200 + length - 1, top + 10), fill=255)
        pen.text((210, top + 14), text, 255, ImageFont.load_default(16))
    if quality:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        image = Image.open(file)
    return np.asarray(image, np.float32)


@pytest.mark.parametrize("length", [60, 90, 111])
def test_the_bar_is_found_exactly(length):
    found = find_burnt_in_bar(micrograph(length=length))
    assert found.bar.length_px == pytest.approx(length, abs=0.1)
    assert found.bar.start == pytest.approx((188, 199.5), abs=0.6)
    assert found.data_bar_px == (0, 40)


@pytest.mark.parametrize("quality", [None, 90, 70])
def test_the_same_bar_is_recognised_in_another_image(quality):
    one, other = micrograph(seed=1, quality=quality), micrograph(seed=2, quality=quality)
    assert find_burnt_in_bar(one).is_same(find_burnt_in_bar(other))


@pytest.mark.parametrize(
    "other", [{"text": "300 nm"}, {"text": "200 µm"}, {"text": "20 nm"}, {"length": 93}, {"data_bar": 44}]
)
@pytest.mark.parametrize("quality", [None, 80])
def test_bars_that_mean_something_else_differ(other, quality):
    one, two = micrograph(quality=quality), micrograph(quality=quality, **other)
    assert not find_burnt_in_bar(one).is_same(find_burnt_in_bar(two))


def test_a_line_chooses_the_bar():
    image, start, end = micrograph(), (188.0, 199.5), (188.0, 289.5)
    assert find_burnt_in_bar(image, (end, start)).bar.length_px == pytest.approx(90, abs=0.1)
    assert find_burnt_in_bar(image, (start, (188.0, 250.0))) is None


def test_without_a_bar_nothing_is_found():
    assert find_burnt_in_bar(micrograph(data_bar=0)) is None
    assert find_burnt_in_bar(np.full(SHAPE, 7.0)) is None
