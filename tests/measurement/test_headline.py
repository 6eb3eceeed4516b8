import re

import numpy as np
import pytest

from particleforge.measurement.headline import headline
from particleforge.measurement.results import Results
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision


@pytest.mark.parametrize(("pixel_size_nm", "unit"), [(None, "px"), (2.0, "nm"), (800.0, "µm"), (9e5, "mm")])
def test_the_console_uses_the_unit_and_digits_of_the_report(pixel_size_nm, unit, tmp_path):
    labels = np.zeros((200, 200), np.uint16)
    for number in range(1, 26):
        y, x = 40 * ((number - 1) // 5) + 4, 40 * ((number - 1) % 5) + 4
        labels[y : y + 8 + number, x : x + 20] = number
    results = Results(tmp_path / "out", {}, Rules(), Precision(resamples=100))
    results.add_labels("a", labels, pixel_size_nm)
    line = headline(results.finish().summary)["diameter"]
    assert f" {unit} (" in line and "e+" not in line
    value, low, high = (float(number) for number in re.findall(r"\d[\d.]*", line.split(", ")[0]))
    assert low < value < high
