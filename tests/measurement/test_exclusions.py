"""Why particles do not count: one reason for each of them, in the table and in words."""

import numpy as np
import pytest

from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules


def squares():
    """Labels of squares: 1 at the border, 2 of 4 px, 3 of 8 px, 4 of 20 px, 5 in the rows of a bar."""
    labels = np.zeros((100, 100), np.int32)
    labels[0:6, 10:16], labels[10:14, 10:14], labels[20:28, 10:18] = 1, 2, 3
    labels[40:60, 40:60], labels[90:95, 50:55] = 4, 5
    return labels


@pytest.mark.parametrize(
    ("rules", "reasons"),
    [
        ({}, ["at the border", "", "", "", "in the data bar"]),
        ({"border": "keep_all"}, ["", "", "", "", ""]),
        ({"smallest_px": 6, "largest_px": 15}, ["at the border", "too small", "", "too large", "in the data bar"]),
        (
            {"border": {"kind": "guard_frame", "guard_px": 20}},
            ["outside the guard frame", "outside the guard frame", "outside the guard frame", "", "in the data bar"],
        ),
    ],
)
def test_every_particle_that_does_not_count_has_its_reason(rules, reasons):
    table = measure_particles(squares(), rules=Rules.parse(rules), rows=(0, 85))
    assert table["excluded"].tolist() == reasons
    assert ((table["weight"] == 0) == (table["excluded"] != "")).all()
