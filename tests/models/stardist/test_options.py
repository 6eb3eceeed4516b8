"""The scale that a given diameter means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.opening import open_model
from particleforge.models.scaled_options import MAX_ENLARGEMENT
from particleforge.models.stardist.options import StarDistOptions

WIDE = Micrograph(np.zeros((3, 4000), np.uint8), name="wide")


@given(st.floats(2, 4000), st.floats(0.01, 100), st.floats(5, 50))
def test_particles_of_the_diameter_get_the_size_the_network_knows(diameter_px, pixel_nm, target_px):
    in_px = StarDistOptions(diameter=f"{diameter_px:.6f} px").scale_for(WIDE, target_px)
    assert in_px == pytest.approx(min(target_px / diameter_px, MAX_ENLARGEMENT), rel=1e-5)
    nm = min(max(diameter_px, 2.001), 3999) * pixel_nm
    in_nm = StarDistOptions(diameter=f"{nm!r} nm").scale_for(WIDE.with_pixel_size(pixel_nm), target_px)
    assert in_nm == pytest.approx(in_px, rel=2e-3)


def test_without_a_diameter_the_scale_is_as_given():
    assert StarDistOptions().scale_for(WIDE, 24) is None
    assert StarDistOptions(scale=0.7).scale_for(WIDE, None) == 0.7


def test_diameter_and_scale_exclude_each_other():
    with pytest.raises(UserError, match=r"Diameter 20 nm and scale 0\.5 are both given; give only one of them"):
        StarDistOptions.parse({"diameter": "20 nm", "scale": 0.5})


@pytest.mark.parametrize(
    ("diameter", "pixel_nm", "target_px", "says"),
    [
        ("20 nm", None, 24, r"A size of 20 nm needs a known pixel size\. Give the pixel size"),
        ("0 px", None, 24, r"A diameter of 0 px is 0 px in wide; it must be from 2 px to .*, 4000 px\. Check"),
        ("1 nm", 1.0, 24, r"A diameter of 1 nm is 1 px in wide"),
        ("5 um", 1.0, 24, r"A diameter of 5 um is 5e\+03 px in wide"),
        ("20 px", None, None, r"this model does not record at which diameter it works\. Give scale instead"),
    ],
)
def test_a_diameter_that_cannot_be_used_is_refused(diameter, pixel_nm, target_px, says):
    with pytest.raises(UserError, match=says):
        StarDistOptions(diameter=diameter).scale_for(WIDE.with_pixel_size(pixel_nm), target_px)


@pytest.mark.parametrize("given_px", [24, 30, 38])
def test_a_rough_diameter_is_enough(given_px):
    y, x = np.mgrid[:150, :150]
    pixels = 180.0 + np.random.default_rng(0).normal(0, 6, y.shape)
    for row, column in ((40, 40), (40, 110), (110, 75)):
        pixels[np.hypot(y - row, x - column) <= 15] -= 90
    detector, image = open_model("base", "detector"), Micrograph(pixels, name="discs")
    found = detector.detect(image, diameter=f"{given_px} px")
    assert found.found["working_scale"] == pytest.approx(24 / given_px) and len(found) == 3
    in_nm = detector.detect(image, "0.5 nm", diameter=f"{given_px / 2} nm")
    np.testing.assert_array_equal(in_nm.labels, found.labels)
