"""The scale at which an image is shown to a network."""

import numpy as np
import pytest

from particleforge.micrograph import Micrograph
from particleforge.models.scales import scales_for


@pytest.mark.parametrize(
    ("own_nm", "image_nm", "scale"),
    [(None, None, 0.5), (2.0, None, 0.5), (None, 2.0, 0.5), (2.0, 2.0, 0.5), (2.0, 1.0, 0.25)],
)
def test_the_working_scale_follows_the_pixel_size(own_nm, image_nm, scale):
    assert scales_for(Micrograph(np.zeros((5, 5))).with_pixel_size(image_nm), 0.5, own_nm, ()) == (scale,)


def test_scales_are_searched_only_where_the_magnification_is_not_known():
    image = Micrograph(np.zeros((5, 5)))
    assert scales_for(image, 0.5, 2.0, [0.3, 0.6]) == (0.3, 0.6)
    assert scales_for(image.with_pixel_size(2.0), 0.5, 2.0, [0.3, 0.6]) == (0.5,)
