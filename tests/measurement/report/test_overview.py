"""Reports of several images: what each of them adds, and what a person is warned of."""

import re

import numpy as np
import pandas as pd

from particleforge.measurement.measured import Measured
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.workflows.results import Results

QUICK = Precision(resamples=100)
SIDES = np.arange(5, 17)


def squares(sides=SIDES):
    """Labels of a row of squares, none of them at the border."""
    labels = np.zeros((max(sides) + 4, sum(sides) + 2 * len(sides) + 2), np.int32)
    x = 2
    for label, side in enumerate(sides, start=1):
        labels[2 : 2 + side, x : x + side] = label
        x += side + 2
    return labels


def finished(out, images):
    """Summary and report of images, by name their sides, pixel size and certainty."""
    results = Results(out, {"command": "sizes"}, precision=QUICK, reports=True)
    for name, (sides, pixel_size_nm, certainty) in images.items():
        bare = Measured(name, pd.DataFrame(), squares(sides), None, pixel_size_nm)
        results.write(results.measure(bare), {"certainty": certainty})
    done = results.finish()
    return done.summary, words(out / "report.html")


def words(path):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8")))


def test_images_the_detector_is_not_sure_of_are_named(tmp_path):
    sure = {"good": 0.93101988, "poor": 0.61, "worse": 0.4, "untold": None}
    _, text = finished(tmp_path / "out", {name: (SIDES, 1.0, one) for name, one in sure.items()})
    assert "not sure of worse (0.40), poor (0.61), where" in text
    table = re.search(r"Images Image .*? Certainty (.*)", text)[1]
    assert re.search(r"good [^a-z]* nm .*? 0\.93 poor .*? 0\.61 worse .*? 0\.40 untold .*? - ", table)
    own = {name: words(tmp_path / "out" / "reports" / f"{name}.html") for name in sure}
    assert [name for name, said in own.items() if "not sure of" in said] == ["poor", "worse"]
    assert "certainty: 0.93" in own["good"] and "0.931" not in own["good"]


def test_there_is_no_certainty_where_nobody_knows_it(tmp_path):
    _, text = finished(tmp_path / "out", dict.fromkeys("ab", (SIDES, 1.0, None)))
    assert "ertainty" not in text.split("Provenance")[0] and "not sure" not in text
