"""Reports as PDF: whatever people call their files, without system fonts, home folder or network."""

import os
import re
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

from particleforge.measurement.measured import Measured
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.report.content import Content, Plot
from particleforge.measurement.report.picture import picture_svg
from particleforge.measurement.report.table import Table
from particleforge.measurement.report.write import write_pages

HOSTILE = [
    "#panic()",
    "$x^$ *a* _b_ `c` @d <e> //f",
    "]",
    ")#import",
    "a\\",
    '"quoted" {{ 1 }}',
    "粒子 \U0001f52c",
    "אבג أبجد",
    "é" * 127 + "x",
    "n" * 255,
    "line\nbreak",
    "\x00\x07",
]


def report(text):
    """A report that shows a text in every place where one can stand."""
    table = Table(text, (text, text), [(text, "1.0"), ("b", "2.0")], text)
    return Content(text, [(text, text, text)], [text], [table], {text: text}, text, table, [text])


def unpacked(pdf):
    """All streams of a PDF."""
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S)
    return b"".join(zlib.decompress(part) if part[:1] == b"x" else part for part in found)


def pages(pdf):
    return int(re.search(rb"/Type/Pages/Count (\d+)", pdf)[1])


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_are_never_read_as_markup(text, tmp_path):
    path = tmp_path / f"{'x' * 20}.pdf"
    write_pages([path, tmp_path / "a.html"], report(text))
    assert pages(path.read_bytes()) in (1, 2)


@pytest.mark.slow
def test_neither_home_nor_a_writable_place_is_needed(tmp_path):
    code = (
        "import sys; from pathlib import Path; from particleforge.measurement.report.content import Content;"
        "from particleforge.measurement.report.write import write_pages;"
        "write_pages(Path(sys.argv[1]), Content('a', [], [], [], {}, ''))"
    )
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "SYSTEMROOT") if name in os.environ}
    kept |= {"MPLCONFIGDIR": str(tmp_path / "mpl")}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.pdf")], env=kept, cwd="/", check=True)
    assert pages((tmp_path / "a.pdf").read_bytes()) == 1


@pytest.mark.parametrize("shape", [(400, 40), (40, 400)])
def test_pictures_of_any_shape_stay_on_their_page(shape, tmp_path):
    labels = np.zeros(shape, np.int32)
    labels[5:15, 5:15], labels[-9:, -9:] = 1, 2
    grey = np.random.default_rng(0).normal(100, 9, shape)
    grey[20:25] = np.nan
    measured = Measured("a", measure_particles(labels), labels, grey)
    svg = picture_svg(measured)
    assert svg.count("<text ") == 4 and "stroke-dasharray" in svg and "does not count" in svg
    write_pages(tmp_path / "a.pdf", Content("a", [], [], [], {}, "", plots=[Plot(svg, "caption")]))
    assert pages((tmp_path / "a.pdf").read_bytes()) == 1


@pytest.mark.slow
def test_reports_of_many_particles_are_small_and_quick(tmp_path):
    side, count = 1140, 38
    labels = np.zeros((side, side), np.int32)
    for number in range(count * count):
        y, x = 30 * (number // count) + 5, 30 * (number % count) + 5
        labels[y : y + 14, x : x + 17] = number + 1
    grey = np.random.default_rng(0).normal(100, 20, labels.shape).astype(np.float32) + 60 * (labels > 0)
    table = measure_particles(labels)
    svg = picture_svg(Measured("a", table, labels, grey))
    assert svg.count("<text ") == count * count + 1
    rows = [[str(number), *["12.3"] * 7, "at the border"] for number in range(count * count)]
    particles = Table("Particles", ["No."] * 9, rows)
    report = Content("a", [], [], [], {}, "", particles, plots=[Plot(svg, "")])
    began = time.process_time()
    write_pages([tmp_path / "a.html", tmp_path / "a.pdf"], report)
    assert time.process_time() - began < 5
    assert all((tmp_path / f"a.{suffix}").stat().st_size < 2e6 for suffix in ("html", "pdf"))
