import numpy as np
import pandas as pd
import pytest

from particleforge.measurement.headline import measurement_report
from particleforge.measurement.in_pieces import in_pieces, pieces_sentence
from particleforge.measurement.measured import Measured
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.report.warnings import warnings_of
from particleforge.measurement.results import Results
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.sizes import Sizes


@pytest.fixture
def labels():
    """Six squares; a stray pixel of the first, and two squares with one number."""
    labels = np.zeros((90, 90), np.uint16)
    for number in range(6):
        y, x = 30 * (number // 3) + 8, 30 * (number % 3) + 8
        labels[y : y + 12, x : x + 12] = number + 1
    labels[70:82, 8:20] = 6
    labels[70, 70] = 1
    return labels


def test_labels_in_pieces_are_named_in_summary_report_and_console(labels, tmp_path):
    results = Results(tmp_path / "out", {})
    table = results.add_labels("a", labels, 2.0)
    done = results.finish()
    assert in_pieces(table) == (2, 1)
    for entry in (done.summary["images"]["a"], done.summary["pooled"]):
        assert (entry["in_pieces"], entry["divided"]) == (2, 1)
    sentence = measurement_report(done, {})["in_pieces"]
    assert sentence.startswith("2 labels are in several pieces") and "In 1 of them" in sentence
    description = describe(Sizes.of(table))
    assert sentence in warnings_of(Measured("a", table, labels, None, 2.0), description, Scale.of(description))


def test_stray_pixels_alone_are_not_called_particles(labels):
    labels[70:82, 8:20] = 0
    table = measure_particles(labels)
    assert pieces_sentence(*in_pieces(table)) == "1 label is in several pieces: only the largest piece counts."
    labels[70, 70] = 0
    assert pieces_sentence(*in_pieces(measure_particles(labels))) == ""


def test_tables_of_earlier_versions_say_nothing_of_pieces():
    assert in_pieces(pd.DataFrame({"label": [1, 2]})) == (0, 0)
    assert in_pieces(pd.DataFrame({"pieces": [np.nan, 2.0], "largest_piece": [np.nan, 0.99]})) == (1, 0)
