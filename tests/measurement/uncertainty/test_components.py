"""Components of the uncertainty: what is stated, what is pooled, and what is missing."""

import math

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.uncertainty.component import FIGURES, SIZE_FIGURES
from particleforge.measurement.uncertainty.detection import COMMON_SHARE, Detection
from particleforge.measurement.uncertainty.edge import Edge
from particleforge.measurement.uncertainty.pixel_size import Calibration, PixelSize, relative_uncertainty


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.5 %", 0.005), ("1%", 0.01), ("1 % (k=2)", 0.005), ("1 %, k = 2", 0.005), ("3 % k=3", 0.01), (".2 %", 0.002)],
)
def test_an_uncertainty_is_read_as_a_standard_one(text, value):
    assert relative_uncertainty(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.5", "not a relative uncertainty"),
        ("1 nm", "not a relative uncertainty"),
        ("0,5 %", "decimal separator is a point"),
        ("0 %", "not above zero"),
        ("1 % (k=0)", "not above zero"),
        ("120 %", "120 %, above 50 %"),
        ("-1 %", "not a relative"),
    ],
)
def test_a_wrong_uncertainty_gets_a_sentence_and_a_hint(text, words):
    with pytest.raises(UserError, match=words) as caught:
        Calibration.parse({"pixel_size_uncertainty": text})
    assert "pixel_size_uncertainty" in str(caught.value)


def test_the_pixel_size_acts_on_lengths_in_nm_only():
    known = PixelSize("1 % (k=2)", "nm")
    assert [known.standard(name) for name in ("gsd", "count")] == [0, 0]
    assert {known.standard(name) for name in ("geometric_mean", "d10", "d50", "d90")} == {0.005}
    for missing in (PixelSize(None, "nm"), PixelSize("1 %", "px")):
        assert missing.standard("d50") is None
    assert PixelSize(None, "nm").method == "its uncertainty was not given"


def test_a_detector_may_state_some_figures_or_nothing():
    stated = Detection.of({"detection_error": {"geometric_mean": 0.05, "count": 0}})
    assert [stated.standard(name) for name in FIGURES] == [0.05, None, None, None, None, 0.0]
    assert Detection.of({}).errors == {} and "nothing is known" in Detection.of({}).method


@pytest.mark.parametrize("wrong", [0.1, {"d50": -0.1}, {"d50": math.nan}, {"d50": "wide"}, {"d50": True}])
def test_an_impossible_error_is_refused(wrong):
    with pytest.raises(UserError, match="detection error of"):
        Detection.of({"detection_error": wrong})


def test_pooled_errors_are_partly_common():
    """Against errors drawn with a common and an independent part in each image."""
    errors, shares = np.array([0.05, 0.1, 0.02]), np.array([0.5, 0.3, 0.2])
    rng, repeats = np.random.default_rng(0), 200_000
    common, own = rng.standard_normal((repeats, 1)), rng.standard_normal((repeats, 3))
    drawn = (math.sqrt(COMMON_SHARE) * common + math.sqrt(1 - COMMON_SHARE) * own) * errors @ shares
    several = [Detection({"d50": error}) for error in errors.tolist()]
    found = Detection.pooled(several, dict.fromkeys(FIGURES, (40 * shares).tolist()))
    assert found.standard("d50") == pytest.approx(drawn.std(), rel=0.01)
    assert found.standard("count") is None


def test_an_image_without_stated_errors_leaves_the_pooled_ones_unknown():
    shares = dict.fromkeys(FIGURES, (1.0, 1.0))
    found = Detection.pooled([Detection({"d50": 0.1}), Detection({})], shares)
    assert found.standard("d50") is None
    assert found.method == "nothing is known for 1 of 2 images"


def rows_of_squares(border):
    """Squares of 4 to 30 px in a small image, none of them cut."""
    labels = np.zeros((100, 200), np.int32)
    for number, side in enumerate((4, 6, 8, 11, 15, 20, 30)):
        labels[10 : 10 + side, 4 + 27 * number : 4 + 27 * number + min(side, 25)] = number + 1
    rules = Rules(border=border)
    return measure_particles(labels, rules=rules), rules, labels.shape


def test_the_bias_of_leaving_out_is_that_of_not_compensating():
    table, rules, shape = rows_of_squares("drop")
    found = Edge.of(table, rules, shape)
    compensated = rows_of_squares("miles_lantuejoul")[0]
    log, weights = np.log(table["ecd_px"]), compensated["weight"]
    bias = np.average(log, weights=weights) - log.mean()
    assert found.standard("geometric_mean") == pytest.approx(bias / math.sqrt(3))
    assert bias > 0.01 and found.standard("count") == 0
    pooled = Edge.pooled(rules, [found.standards, dict.fromkeys(SIZE_FIGURES, 0.0)], [1, 3])
    assert pooled.standard("d90") == pytest.approx(found.standard("d90") / 4)


@pytest.mark.parametrize(("border", "standard"), [("miles_lantuejoul", 0.0), ("guard_frame", 0.0), ("keep_all", None)])
def test_other_rules_have_no_bias_or_an_unknown_one(border, standard):
    table, rules, shape = rows_of_squares(border)
    assert Edge.of(table, rules, shape).standard("d50") == standard
