"""What is expected of a detection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.micrograph import Micrograph
from particleforge.models.opening import open_model
from particleforge.models.stardist.expected import Expected
from particleforge.models.stardist.instances import Instances
from particleforge.models.stardist.scale_rules import Chosen
from particleforge.models.stardist.stars import Stars

EXPECTED = Expected.parse(
    {
        "f1": {"intercept": -9, "agreement": 6, "kept": 1.5, "prob": 6, "below": 1, "above": 1},
        "errors": {"gsd": {"intercept": -2, "logit": -0.5, "ln_count": 0.1}},
    }
)


class _Part:
    """Particles of one scale, as far as the expectation needs them."""

    def __init__(self, count: int, prob: float) -> None:
        stars = Stars(np.zeros((count, 2)), np.ones((count, 32), np.float32))
        self.found = Instances((9, 9), stars.points, np.full(count, prob, np.float32), stars)

    def __len__(self) -> int:
        return len(self.found)


def chosen(agreement: float, kept: float = 1.0, prob: float = 0.8, count: int = 20) -> Chosen:
    return Chosen(0, [_Part(count, prob)], (0,), (0,), agreement, kept)  # type: ignore[list-item]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.3, 1), st.integers(1, 500))
def test_limits_enclose_the_expected_f1(agreement: float, kept: float, prob: float, count: int) -> None:
    found = EXPECTED.of(chosen(agreement, kept, prob, count))
    f1 = found["expected_f1"]
    assert 0 <= f1["low"] <= f1["value"] <= f1["high"] <= 1
    assert found["certainty"] == f1["value"] and found["detection_error"]["gsd"] > 0


def test_more_agreement_promises_more_and_smaller_errors() -> None:
    poor, good = EXPECTED.of(chosen(0.5)), EXPECTED.of(chosen(0.95))
    assert good["certainty"] > poor["certainty"]
    assert good["detection_error"]["gsd"] < poor["detection_error"]["gsd"]
    assert good["certainty"] == pytest.approx(1 / (1 + np.exp(9 - 6 * 0.95 - 1.5 - 6 * 0.8)))


def test_where_nothing_is_found_nothing_is_certain() -> None:
    assert EXPECTED.of(chosen(0.0, count=0)) == {"certainty": 0.0}


def test_the_built_in_detector_states_its_errors_and_keeps_them_when_saved(tmp_path) -> None:
    model = open_model("base", "detector")
    assert {"geometric_mean", "gsd", "d10", "d50", "d90", "count"} == set(model.expected.errors)
    model.save(tmp_path / "copy")
    assert type(model).load(tmp_path / "copy").expected == model.expected


def test_discs_are_found_with_certainty_and_noise_is_not() -> None:
    rows, columns = np.indices((160, 160))
    grey = np.random.default_rng(0).normal(0.7, 0.02, (160, 160))
    for y, x in ((35, 40), (40, 110), (110, 45), (115, 120), (75, 80)):
        grey[np.hypot(rows - y, columns - x) < 12] = 0.2
    found = open_model("base", "detector").detect(Micrograph.of(grey.astype(np.float32)))
    assert len(found) == 5 and found.certainty > 0.8
    assert found.found["expected_f1"]["low"] < found.certainty
    noise = np.random.default_rng(1).normal(0.5, 0.1, (160, 160)).astype(np.float32)
    nothing = open_model("base", "detector").detect(Micrograph.of(noise))
    assert nothing.certainty < found.certainty
