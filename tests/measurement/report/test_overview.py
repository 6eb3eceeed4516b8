"""Reports of several images: what each of them adds, and what a person is warned of."""

import re

import numpy as np
import pandas as pd
import pytest

from particleforge.measurement.certainty import unsure
from particleforge.measurement.measured import Measured
from particleforge.measurement.numbers import digits
from particleforge.measurement.outputs import Outputs
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.report.content import content
from particleforge.measurement.results import Results
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.images import beyond_chance
from particleforge.measurement.statistics.sizes import Sizes

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


def pooled(images, pixel_size_nm=1.0):
    """Table of images and the warnings of their report; `images` are sides of squares by name."""
    tables = [measure_particles(squares(one), image=name, pixel_size_nm=pixel_size_nm) for name, one in images.items()]
    table = pd.concat(tables)
    return table, content(Measured("all", table), describe(Sizes.of(table), QUICK), {}).warnings


def words(path):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8")))


@pytest.mark.slow
def test_images_the_detector_is_not_sure_of_are_named(tmp_path):
    results = Results(tmp_path / "out", {"command": "measure"}, precision=QUICK, outputs=Outputs())
    for name, certainty in (("good", 0.93101988), ("poor", 0.61), ("untold", None)):
        measured = results.writer.measure(Measured(name, pd.DataFrame(), squares(), None, 1.0))
        results.enter(results.writer.write(measured, {"certainty": certainty}))
    results.finish()
    text = words(tmp_path / "out" / "report.html")
    assert "(1 is certain): poor (0.61). Check" in text
    table = re.search(r"Images Image .*? Certainty (.*)", text)[1]
    assert re.search(r"good [^a-z]* nm .*? 0\.93 poor .*? 0\.61 untold .*? - ", table)
    own = {name: words(tmp_path / "out" / "reports" / f"{name}.html") for name in ("good", "poor", "untold")}
    assert [name for name, text in own.items() if "Low certainty" in text] == ["poor"]
    assert "certainty: 0.93" in own["good"] and "0.931" not in own["good"]


def test_images_of_lowest_certainty_are_named_first_and_five_at_most():
    (warning,) = unsure({f"i{number}": {"certainty": number / 10} for number in range(7, 0, -1)})
    assert ": i1 (0.10), i2 (0.20), i3 (0.30), i4 (0.40), i5 (0.50) and 2 more." in warning
    assert unsure({"a": {"certainty": 0.8}, "b": {"certainty": None}, "c": {}}) == []


@pytest.mark.parametrize("pixel_size_nm", [None, 2000.0])
def test_images_that_differ_beyond_chance_are_named(pixel_size_nm):
    table, warnings = pooled({"fine": SIDES, "middle": SIDES + 8, "coarse": SIDES + 20}, pixel_size_nm)
    shown, factor = ("px", 1) if pixel_size_nm is None else ("µm", 2)
    means = {}
    for name, own in table[table["weight"] > 0].groupby("image"):
        means[name] = factor * np.exp(np.average(np.log(own["ecd_px"]), weights=own["weight"]))
    found = f"range from {digits(means['fine'])} {shown} in fine to {digits(means['coarse'])} {shown} in coarse."
    assert any(found in one and "too narrow" in one for one in warnings)
    together = "Sizes in pixels of 3 images are pooled as if all had the same magnification."
    assert (together in warnings) == (pixel_size_nm is None)
    assert not any("pooled as if" in one for one in pooled({"fine": SIDES}, pixel_size_nm)[1])


def test_six_images_are_resampled_as_a_whole_so_intervals_are_not_too_narrow():
    _, warnings = pooled({f"i{step}": SIDES + 6 * step for step in range(6)})
    (warning,) = (one for one in warnings if "more than chance explains" in one)
    assert "too narrow" not in warning


@pytest.mark.parametrize("images", [[SIDES, SIDES + 1, SIDES[::-1]], [SIDES, SIDES[:4] + 40]])
def test_images_alike_or_of_few_particles_are_not_warned_of(images):
    _, warnings = pooled({f"i{number}": one for number, one in enumerate(images)})
    assert not any("chance explains" in one for one in warnings)


def test_samples_of_one_distribution_differ_by_chance_only():
    rng = np.random.default_rng(0)
    numbers = np.repeat(np.arange(4), 30)
    alarms = 0
    for _ in range(300):
        values = np.sort(20 * np.exp(0.3 * rng.standard_normal(120)))
        alarms += bool(beyond_chance(Sizes(values, np.ones(120), rng.permutation(numbers), "nm")))
    assert alarms <= 3
    shifted = np.sort(20 * np.exp(0.3 * rng.standard_normal(120)))
    means = beyond_chance(Sizes(shifted, np.ones(120), numbers, "nm"))
    assert means == {number: pytest.approx(np.exp(np.log(shifted[numbers == number]).mean())) for number in range(4)}
