"""Budgets in results: intervals of the summary, reports and the console."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from particleforge.measurement.headline import headline
from particleforge.measurement.measured import Measured
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.results import Results
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.measurement.uncertainty.component import FIGURES, SIZE_FIGURES
from particleforge.measurement.uncertainty.detection import COMMON_SHARE
from particleforge.measurement.uncertainty.pixel_size import Calibration

ERROR = {"geometric_mean": 0.05, "gsd": 0.04, "d10": 0.08, "d50": 0.06, "d90": 0.07, "count": 0.1}
QUICK = Precision(resamples=100)


def labels(seed, count=40):
    """Return rectangles of different sizes, some of them at the border."""
    rng, found = np.random.default_rng(seed), np.zeros((200, 200), np.int32)
    for number in range(count):
        y, x = 28 * (number // 7), 28 * (number % 7)
        found[y : y + rng.integers(6, 26), x : x + rng.integers(6, 26)] = number + 1
    return found


def measure(out, findings, pixel_size_nm=2.0, reports=False, uncertainty=None):
    """Write results of one image for each of the findings."""
    calibration = Calibration(pixel_size_uncertainty=uncertainty)
    results = Results(out, {}, Rules(), QUICK, Outputs(reports=reports), calibration=calibration)
    for seed, finding in enumerate(findings):
        bare = Measured(f"i{seed}", labels=labels(seed), pixel_size_nm=pixel_size_nm)
        results.enter(results.writer.write(results.writer.measure(bare), finding))
    return results.finish()


def sampled(measured, images):
    """Return the intervals of the bootstrap of some images, by figure."""
    table = pd.read_csv(measured.table)
    number = describe(Sizes.of(table[table["image"].isin(images)]), QUICK).figures["number"]
    return {name: number[name] for name in SIZE_FIGURES}


def test_where_nothing_else_is_known_intervals_are_those_of_sampling_and_that_is_stated(tmp_path):
    found = measure(tmp_path / "out", [{}], reports=True)
    entry = found.summary["images"]["i0"]
    for name, one in sampled(found, ["i0"]).items():
        assert entry["intervals"][name] == pytest.approx([one.low, one.high])
    assert entry["intervals"]["count"] == [None, None]
    parts = entry["uncertainty"]["components"]
    assert list(parts) == ["sampling", "detection", "pixel_size", "border"]
    assert parts["detection"]["not_included"] == list(FIGURES)
    for name in ("report.html", "reports/i0.html"):
        text = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert "95 % intervals from sampling alone; not included: detection and pixel size." in text
        assert "not included: the outlines are taken as they are" in text
        assert "with --pixel-size-uncertainty." in text
    assert "Not included in intervals: detection (the outlines" in found.summary["methods"]
    assert "and pixel size (its uncertainty was not given)." in found.summary["methods"]
    assert "not included: detection, pixel size" in headline(found.summary)["uncertainty"].replace(" and ", ", ")


def test_the_intervals_of_an_image_hold_all_components(tmp_path):
    found = measure(tmp_path / "out", [{"detection_error": ERROR}], reports=True, uncertainty="6 % (k=2)")
    entry = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["images"]["i0"]
    for name, one in sampled(found, ["i0"]).items():
        other = math.hypot(ERROR[name], 0 if name == "gsd" else 0.03)
        low, high = entry["intervals"][name]
        assert math.log(one.value / low) == pytest.approx(
            math.hypot(math.log(one.value / one.low), 2 * other), rel=1e-5
        )
        assert math.log(high / one.value) == pytest.approx(
            math.hypot(math.log(one.high / one.value), 2 * other), rel=1e-5
        )
        budget = entry["uncertainty"]["figures"][name]
        assert budget["sampling_interval"] == pytest.approx([one.low, one.high])
        assert sum(part["share"] for part in budget["components"].values()) == pytest.approx(1)
    assert entry["intervals"]["count"] == pytest.approx([40 * math.exp(-0.2), 40 * math.exp(0.2)])
    assert entry["uncertainty"]["figures"]["count"]["components"]["sampling"]["standard_percent"] == 0
    text = (tmp_path / "out" / "reports" / "i0.html").read_text(encoding="utf-8")
    assert "Uncertainty budget of the geometric mean" in text
    assert "given as 6 % (k=2), the same for all images" in text
    assert "Particles really there, for 40 found: 32 to 49 (95 %)." in text
    report = json.loads((tmp_path / "out" / "reports" / "i0.json").read_text(encoding="utf-8"))
    middle = report["distribution"]["number"]["geometric_mean"]
    assert [middle["low"], middle["high"]] == pytest.approx(entry["intervals"]["geometric_mean"])
    assert "expanded uncertainty is" in found.summary["methods"]


def test_pooled_errors_shrink_by_their_independent_part(tmp_path):
    pooled = measure(tmp_path / "out", [{"detection_error": ERROR}] * 4).summary["pooled"]
    part = pooled["uncertainty"]["figures"]["count"]["components"]["detection"]["standard_percent"]
    assert part == pytest.approx(10 * math.sqrt(COMMON_SHARE + (1 - COMMON_SHARE) / 4))


def test_one_image_without_stated_errors_is_named(tmp_path):
    found = measure(tmp_path / "out", [{"detection_error": ERROR}, {}]).summary
    assert "nothing is known for 1 of 2 images" in found["methods"]
    assert found["pooled"]["intervals"]["count"] == [None, None]


def test_sizes_in_pixels_have_no_uncertainty_of_the_pixel_size(tmp_path):
    found = measure(tmp_path / "out", [{"detection_error": ERROR}], None, uncertainty="1 %").summary
    about = found["pooled"]["uncertainty"]
    assert "pixel_size" not in about["figures"]["d50"]["components"]
    assert about["components"]["pixel_size"]["method"] == "sizes are in pixels"
    assert found["pooled"]["nanomaterial"] is None


def test_few_particles_have_no_interval_of_sizes_but_one_of_the_count(tmp_path):
    results = Results(tmp_path / "out", {}, Rules(), QUICK)
    few = results.writer.measure(Measured("few", labels=labels(0, 3)))
    results.enter(results.writer.write(few, {"detection_error": ERROR}))
    intervals = results.finish().summary["pooled"]["intervals"]
    assert intervals["d50"] == [None, None]
    assert intervals["count"] == pytest.approx([3 * math.exp(-0.2), 3 * math.exp(0.2)])


def test_no_particles_are_no_reason_to_fail(tmp_path):
    results = Results(tmp_path / "out", {}, Rules(), QUICK, Outputs())
    none = results.writer.measure(Measured("none", labels=labels(0, 0)))
    results.enter(results.writer.write(none, {"detection_error": ERROR}))
    assert results.finish().summary["pooled"]["intervals"]["count"] == [None, None]


def test_the_console_and_reports_state_what_the_detector_expects(tmp_path):
    doubtful = {"certainty": 0.6, "expected_f1": {"value": 0.7, "low": 0.5, "high": 0.85}, "unlike_training": True}
    found = measure(tmp_path / "out", [{"certainty": 0.9}, doubtful], reports=True)
    lines = headline(found.summary)
    expected = "0.75 on average, lowest 0.60 in i1 (expected F1 0.70, 80 % between 0.50 and 0.85)"
    assert lines["certainty"] == expected
    assert "Unlike anything in the training of the detector: i1." in lines["unlike_training"]
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "i1 (0.60, expected F1 0.70, 80 % between 0.50 and 0.85)" in text
    assert lines["unlike_training"] in text
