import numpy as np
import pytest

from particleforge.recipes.render.imaging.focus import Focus
from particleforge.recipes.render.imaging.scale_bar import ScaleBar, length_nm
from particleforge.recipes.render.imaging.vignette import Vignette

NOISE = np.random.default_rng(0).random((80, 120)).astype(np.float32)


def test_what_lies_in_the_plane_in_focus_stays_sharp():
    height = np.zeros((80, 120), np.float32)
    height[:, 60:] = 100
    blurred = Focus(aperture_mrad=40, plane=1).apply(NOISE, height)
    np.testing.assert_allclose(blurred[:, 75:], NOISE[:, 75:], atol=1e-6)
    assert blurred[:, :50].std() < 0.3 * NOISE.std()
    nothing = np.where(height > 0, height, np.nan)
    assert Focus(aperture_mrad=40, plane=1).apply(NOISE, nothing)[:, :50].std() == pytest.approx(NOISE.std(), rel=0.01)
    assert Focus(aperture_mrad=0).apply(NOISE, height) is NOISE


def test_a_vignette_darkens_the_corners():
    flat = Vignette(loss=0.2).apply(np.ones((81, 121), np.float32), np.random.default_rng(0))
    assert flat[40, 60] == 1
    assert flat[[0, 0, -1, -1], [0, -1, 0, -1]] == pytest.approx(0.8)


@pytest.mark.parametrize(("width_nm", "length"), [(1000, 200), (512, 100), (51200, 10000), (3.4, 1), (4000, 1000)])
def test_lengths_of_scale_bars_are_round(width_nm, length):
    assert length_nm(width_nm) == pytest.approx(length)


@pytest.mark.parametrize("place", ["left", "right"])
def test_a_scale_bar_is_as_long_as_it_says(place):
    image = np.zeros((256, 256), np.uint8)
    hidden = ScaleBar(place=place).write(image, 2.0)
    longest = max(len(run) for row in image for run in bytes(row).split(b"\0"))
    assert longest == 50  # 100 nm
    assert hidden[image > 127].all()
    y, x = np.nonzero(hidden)
    assert y.min() > 128
    assert (x < 128).all() if place == "left" else (x >= 128).all()


def test_a_box_hides_what_is_behind():
    image = np.full((256, 256), 200, np.uint8)
    hidden = ScaleBar(place="left", box=True).write(image, 2.0)
    assert hidden[-1, 0]
    assert image[-1, 0] == 0
    assert not ScaleBar().write(image, 2.0).any()
