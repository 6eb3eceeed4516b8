"""Particles at points and under lines."""

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.widgets.annotate.edits import particle_at, particle_under


def test_what_lies_at_a_point_or_under_a_line():
    data = np.zeros((6, 7), np.uint32)
    data[:, 2:5], data[:, 6] = 3, 4_000_000_000
    assert [particle_at(data, point) for point in ((0, 1.4), (0, 1.6), (-1, 3), (9, 3))] == [0, 3, 0, 0]
    assert particle_under(data, (2, -5), (2, 9)) == 3
    with pytest.raises(UserError, match="no particle under the line"):
        particle_under(data, (0, 0), (5, 1))
