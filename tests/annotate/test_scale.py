import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from particleforge.annotate.scale import find_scale_bar, pixel_size_from_line
from particleforge.errors import UserError
from particleforge.recipes import lettering

POINTS = st.tuples(st.floats(-500, 500), st.floats(-500, 500))


@given(POINTS, st.floats(2.5, 1000), st.floats(0, 2 * math.pi), st.floats(0.01, 1000))
def test_pixel_size_is_length_over_distance(start, px, angle, micrometres):
    end = start[0] + px * math.sin(angle), start[1] + px * math.cos(angle)
    assert pixel_size_from_line(start, end, f"{micrometres!r} um") == pytest.approx(1000 * micrometres / px)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((0, 0), (0, 100), "200"), "no length|not a length"),
        (((0, 0), (0, 100), "-2 nm"), "above zero"),
        (((0, 0), (0, 1), "200 nm"), "is 1 px long"),
        (((0, 0), (0, 100), "200 nm", 1.05), r"1\.05 times as high"),
    ],
)
def test_an_invalid_scale_is_refused(arguments, message):
    with pytest.raises(UserError, match=message) as caught:
        pixel_size_from_line(*arguments)
    assert caught.value.hint


def bar_truth(rng, monkeypatch, canvas):
    """Write one bar by the lettering of synthetic images; return (rows, first column, last column) of its pixels."""
    seen = {}
    rectangle = lettering.ImageDraw.ImageDraw.rectangle

    def note(pen, box, *rest):
        seen["box"] = box
        rectangle(pen, box, *rest)

    monkeypatch.setattr(lettering.ImageDraw.ImageDraw, "rectangle", note)
    near_border = lettering._near_border

    def note_place(room, rng):
        seen.setdefault("corner", []).append(near_border(room, rng))
        return seen["corner"][-1]

    monkeypatch.setattr(lettering, "_near_border", note_place)
    lettering.write_letters(canvas, 1, (0.0, 255.0), rng)
    monkeypatch.undo()
    if "box" not in seen:
        return None
    left, top, right, bottom = seen["box"]
    y, x = seen["corner"]
    rows, columns = (y + top, min(y + bottom, canvas.shape[0] - 1)), (x + left, min(x + right, canvas.shape[1] - 1))
    return rows, columns


@pytest.mark.parametrize("blur", [0.0, 0.8])
def test_bars_of_synthetic_images_are_found_to_half_a_pixel(monkeypatch, blur):
    tried = right = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        canvas = (ndimage.gaussian_filter(rng.normal(size=(400, 500)), 4) * 150 + 120).clip(40, 200).astype(np.float32)
        truth = bar_truth(rng, monkeypatch, canvas)
        if truth is None:
            continue
        canvas = ndimage.gaussian_filter(canvas, blur) if blur else canvas
        canvas += rng.normal(0, 3, canvas.shape)
        rows, (first, last) = truth
        length = last - first + 1
        y = rng.uniform(rows[0] - 2, rows[1] + 2)
        ends = (y, first + rng.uniform(-0.08, 0.08) * length), (y + 1, last + rng.uniform(-0.08, 0.08) * length)
        bar = find_scale_bar(canvas, *ends)
        tried += 1
        if bar is not None and abs(bar.start[1] - (first - 0.5)) < 0.5 and abs(bar.end[1] - (last + 0.5)) < 0.5:
            right += 1
            assert bar.length_px == pytest.approx(length, abs=1)
    assert tried > 20
    assert right / tried > 0.9


@given(
    st.integers(16, 60),
    st.integers(2, 8),
    st.booleans(),
    st.floats(-0.2, 0.2),
    st.floats(-0.2, 0.2),
    st.floats(-4, 4),
    st.booleans(),
)
def test_a_plain_bar_is_exact_from_any_rough_line(length, thickness, bright, left, right, off, turned):
    grey = np.full((100, 200), 100, np.uint8)
    grey[40 : 40 + thickness, 70 : 70 + length] = 255 if bright else 0
    ends = [(42 + off, 70 + left * length), (40 + off, 70 + length + right * length)]
    bar = find_scale_bar(grey, *(ends[::-1] if turned else ends))
    assert bar.start == (39.5 + thickness / 2, 69.5)
    assert bar.end == (39.5 + thickness / 2, 69.5 + length)
    assert (bar.thickness_px, bar.bright) == (thickness, bright)


def test_a_bar_in_a_box_is_not_the_box():
    grey = np.full((100, 200), 120.0)
    grey[60:90, 50:150] = 0
    grey[75:79, 60:140] = 255
    bar = find_scale_bar(grey, (77, 56), (78, 143))
    assert (bar.start[1], bar.end[1], bar.bright) == (59.5, 139.5, True)


def test_without_a_bar_nothing_is_found():
    grey = np.full((60, 80), 7.0)
    assert find_scale_bar(grey, (10, 10), (10, 60)) is None
    grey[20:40, 20:40] = 9  # a square is not a bar
    assert find_scale_bar(grey, (30, 18), (30, 42)) is None
    assert find_scale_bar(grey, (0, 10), (50, 12)) is None
    assert find_scale_bar(grey, (500, 500), (500, 600)) is None


def test_a_run_much_shorter_than_the_line_is_not_a_bar():
    grey = np.full((100, 200), 100.0)
    grey[50:53, 90:106] = 0
    assert find_scale_bar(grey, (51, 70), (51, 130)) is None
    assert find_scale_bar(grey, (51, 88), (51, 109)).length_px == 16
