import json

import numpy as np
import pytest

from particleforge.burnt_in import is_blank
from particleforge.measurement.headline import measurement_report
from particleforge.measurement.measured import Measured
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.pooling import not_pooled
from particleforge.measurement.results import Results
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.workflows.compare_sizes import compare_sizes
from particleforge.workflows.sizes import SizesParams, sizes

QUICK = Precision(resamples=100)
FOUND = {"sure": {"certainty": 0.9}, "noise": {"certainty": 0.2}, "empty": {"certainty": 0.8, "blank": True}, "old": {}}


def squares(side):
    labels = np.zeros((120, 120), np.uint16)
    for number in range(9):
        y, x = 40 * (number // 3) + 5, 40 * (number % 3) + 5
        labels[y : y + side, x : x + side + number] = number + 1
    return labels


def write(out, rules=Rules(), outputs=Outputs(reports=False), names=tuple(FOUND)):
    results = Results(out, {"params": rules.model_dump(mode="json")}, rules, QUICK, outputs)
    for name in names:
        side = 10 if name in ("sure", "old") else 20
        bare = Measured(name, labels=squares(side), pixel_size_nm=1.0)
        results.enter(results.writer.write(results.writer.measure(bare), FOUND[name]))
    return results.finish()


def test_uncertain_and_blank_images_are_listed_and_keep_their_figures(tmp_path):
    done = write(tmp_path / "out", outputs=Outputs(reports=True))
    assert list(done.summary["not_pooled"]) == ["noise", "empty"]
    assert done.summary["pooled"]["count"] == 18 and done.summary["images"]["noise"]["count"] == 9
    alone = write(tmp_path / "alone", names=("sure", "old")).summary["pooled"]
    assert done.summary["pooled"]["nm"] == alone["nm"]
    assert len(ResultsFolder.open(tmp_path / "out").table()) == 36
    report = measurement_report(done, {})
    assert "noise (the certainty of the detector, 0.20, is below 0.3), empty (it is blank" in report["not_pooled"]
    assert report["particles"].startswith("18 in 2 images")
    assert "2 further images were excluded" in done.summary["methods"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "2 images not pooled" in page and "reports/noise.html" in page
    assert (tmp_path / "out" / "reports" / "noise.html").is_file()


def test_all_are_pooled_if_asked_for(tmp_path):
    done = write(tmp_path / "out", Rules(least_certainty=0))
    assert done.summary["not_pooled"] == {} and done.summary["pooled"]["count"] == 36
    assert "not_pooled" not in measurement_report(done, {})


def test_nothing_is_pooled_if_no_image_is_certain(tmp_path):
    done = write(tmp_path / "out", names=("noise", "empty"))
    assert done.summary["pooled"]["counted"] == 0 and "diameter" not in measurement_report(done, {})
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["complete"]


@pytest.mark.parametrize(("certainty", "limit", "excluded"), [(0.29, 0.3, True), (0.3, 0.3, False), (0.5, 0.6, True)])
def test_the_limit_itself_is_enough(certainty, limit, excluded):
    assert bool(not_pooled({"a": {"certainty": certainty}}, Rules(least_certainty=limit))) == excluded


def test_labels_of_results_keep_the_certainty_with_which_they_were_found(tmp_path):
    write(tmp_path / "out")
    params, labels = SizesParams(reports=False, precision=QUICK), tmp_path / "out" / "labels"
    again = sizes(labels, tmp_path / "again", params)
    assert list(again.summary["not_pooled"]) == ["empty", "noise"]
    one = sizes(labels / "noise.tif", tmp_path / "one", params)
    assert list(one.summary["not_pooled"]) == ["noise"]


def test_comparisons_leave_the_same_images_out(tmp_path):
    write(tmp_path / "one")
    write(tmp_path / "two", names=("sure", "old"))
    found = compare_sizes(tmp_path / "one", [tmp_path / "two"], tmp_path / "c.html", QUICK)
    assert found["two"].wasserstein == 0 and found["two"].count_percent == 0
    assert "one/noise" in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_a_blank_image_may_hold_a_bar_and_letters():
    grey = np.full((200, 240), 90.0)
    assert is_blank(grey)
    grey[180:] = 0
    grey[185:195, 20:60:4] = 255
    assert is_blank(grey)
    grey[160:166, 150:210] = 255
    assert is_blank(grey)
    grey[50, 60] = 91
    assert not is_blank(grey)
    assert not is_blank(np.random.default_rng(0).normal(0, 1, (60, 60)))
