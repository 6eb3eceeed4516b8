"""Reports: every number against a computation by hand, and calm words for odd samples."""

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from scipy.stats import lognorm

from particleforge.errors import UserError
from particleforge.measurement.measured import Measured
from particleforge.measurement.numbers import digits
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.report.comparison import write_comparison
from particleforge.measurement.report.content import _moments, _needs, _statistics, as_yaml, content
from particleforge.measurement.report.pdf import write_pdf
from particleforge.measurement.report.scale import Scale
from particleforge.measurement.report.write import write_report
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import describe
from particleforge.measurement.statistics.sizes import Sizes

QUICK = Precision(resamples=100)


class Page(HTMLParser):
    """Tables of a page by the heading above them, and everything it asks the network for."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.fetched, self.words = {}, [], []
        self._heading, self._tag = "", ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self._tag = tag
        given = dict(attributes)
        self.fetched += [given[name] for name in ("src", "href", "xlink:href") if name in given]
        if tag == "h2":
            self._heading = ""
        if tag == "tr":
            self.tables.setdefault(self._heading, []).append([])
        if tag in ("td", "th"):
            self.tables[self._heading][-1].append("")

    def handle_data(self, data):
        self.words.append(data)
        if self._tag == "h2":
            self._heading += data.strip()
        elif self._tag in ("td", "th", "a") and data.strip() and self.tables.get(self._heading):
            self.tables[self._heading][-1][-1] += data.strip()

    def rows(self, start):
        name = next(name for name in self.tables if name.startswith(start))
        head, *rows = self.tables[name]
        return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def discs(seed=0, count=45, size=300):
    """Labels and grey image of discs, some of them cut by the border."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size), np.int32)
    y, x = np.mgrid[:size, :size]
    for label in range(1, count + 1):
        centre, radius = rng.uniform(0, size, 2), 7 * np.exp(0.35 * rng.standard_normal())
        labels[(np.hypot(y - centre[0], x - centre[1]) <= radius) & (labels == 0)] = label
    return labels, rng.normal(100, 5, labels.shape) + 50 * (labels > 0)


@pytest.fixture(scope="module")
def measured():
    labels, grey = discs()
    table = measure_particles(labels, image="<b>discs</b>", pixel_size_nm=0.5, intensity=grey)
    return Measured("<b>discs</b>", table, labels, grey, 0.5)


def shows(cell, value):
    """Whether a cell begins with a value, rounded to as many decimals as it has."""
    text = re.match(r"[-+]?[\d.]+", cell)[0]
    return float(text) == round(value, len(text.partition(".")[2]))


def test_the_numbers_are_those_computed_by_hand(measured, tmp_path):
    write_report(tmp_path / "a.html", measured, provenance={"model": "base"}, precision=QUICK)
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    page = Page(text)
    inside = measured.table[~measured.table["touches_border"]]
    height, width = measured.labels.shape
    free = (height - 1 - inside["box_height_px"]) * (width - 1 - inside["box_width_px"])
    d, w = inside["ecd_px"] * 0.5, height * width / free
    shown = page.rows("Size distribution (nm)")
    for power, column in enumerate(("by number", "by length", "by area", "by volume")):
        q = w * d**power
        mean = (q * d).sum() / q.sum()
        middle = (q * np.log(d)).sum() / q.sum()
        variance = (q * (np.log(d) - middle) ** 2).sum() / (q.sum() - (q**2).sum() / q.sum())
        assert shows(shown["Arithmetic mean"][column], mean)
        assert shows(shown["Geometric mean"][column], math.exp(middle))
        assert shows(shown["GSD"][column], math.exp(math.sqrt(variance)))
        order = d.sort_values().index
        below = (q[order].cumsum() - q[order] / 2) / q.sum()
        for name, at in {"D10": 0.1, "D50 (median)": 0.5, "D90": 0.9}.items():
            assert shows(shown[name][column], np.interp(at, below, d[order]))
    moments = page.rows("Moment means")
    assert shows(moments["D[3,2]"]["nm"], (w * d**3).sum() / (w * d**2).sum())
    classes = page.rows("Classes of outlines")
    assert {name: int(row["Count"]) for name, row in classes.items()} == inside["class"].value_counts().to_dict()
    for name, row in classes.items():
        of_class = inside["class"] == name
        log, q = np.log(d[of_class]), w[of_class]
        if len(log) > 1:
            freedom = q.sum() - (q**2).sum() / q.sum()
            gsd = math.exp(math.sqrt((q * (log - np.average(log, weights=q)) ** 2).sum() / freedom))
            assert float(row["GSD"]) == pytest.approx(gsd, abs=0.005)
    shapes = page.rows("Shape")["Circularity 4πA/P²"]
    assert float(shapes["50 %"]) == pytest.approx(inside["circularity"].median(), abs=1e-3)
    assert sum(word.strip() == str(len(inside)) for word in page.words) >= 1


def test_a_report_is_one_file_and_what_is_put_in_is_escaped(measured, tmp_path):
    write_report(tmp_path / "a.html", measured, provenance={"note": "<script>alert(1)</script>"}, precision=QUICK)
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    page = Page(text)
    assert all(link.startswith(("data:", "#")) for link in page.fetched), page.fetched[:3]
    assert "<script" not in text and "<b>discs" not in text
    assert text.count("<svg") == 2 and "<?xml" not in text
    assert "Miles-Lantuejoul" in text and "0.5 nm" in text and "cut" not in "".join(page.words[:40])


def test_the_same_measurement_gives_the_same_bytes(measured, tmp_path):
    for name in ("a", "b"):
        write_report([tmp_path / f"{name}.html", tmp_path / f"{name}.pdf"], measured, precision=QUICK)
    for suffix in ("html", "pdf"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes(), suffix
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def sample(name):
    """Labels, image and pixel size of an odd sample."""
    labels = np.zeros((80, 90), np.int32)
    if name == "one":
        labels[30:40, 30:42] = 7
    elif name == "equal":
        for i in range(36):
            labels[4 + 12 * (i // 6) : 12 + 12 * (i // 6), 4 + 12 * (i % 6) : 12 + 12 * (i % 6)] = i + 1
    elif name == "cut":
        labels[0:9, 5:20], labels[70:, 40:60] = 1, 2
    elif name == "few":
        labels[10:20, 10:20], labels[40:52, 40:48], labels[60:63, 60:63] = 1, 2, 3
    grey = np.random.default_rng(0).normal(0, 1, labels.shape)
    if name in ("equal", "none"):
        grey[:] = np.nan
    return labels, grey


@pytest.mark.slow
@pytest.mark.parametrize("pixel_size_nm", [None, 2.0])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none", "No particles were found."),
        ("one", "One particle is not a distribution"),
        ("equal", "All sizes are equal|Only 36 particles counted"),
        ("cut", "None of 2 particles counts"),
        ("few", "Only 3 particles counted"),
    ],
)
def test_odd_samples_give_calm_reports(name, words, pixel_size_nm, tmp_path):
    labels, grey = sample(name)
    table = measure_particles(labels, image=name, pixel_size_nm=pixel_size_nm, intensity=grey)
    one = Measured(name, table, labels, grey, pixel_size_nm)
    paths = [tmp_path / "a.html"] if pixel_size_nm else [tmp_path / "a.html", tmp_path / "a.pdf"]
    found = write_report(paths, one, precision=QUICK)
    text = " ".join(Page((tmp_path / "a.html").read_text(encoding="utf-8")).words)
    assert re.search(words, text)
    assert ("all sizes are in pixels" in text) == (pixel_size_nm is None)
    assert "nan" not in text.lower().replace("nanomet", "")
    assert found.count == (table["weight"] > 0).sum()


def test_many_particles_and_wide_tables_fit_on_pdf_pages(measured, tmp_path):
    report = content(measured, describe(Sizes.of(measured.table), QUICK), {"long": ["word " * 60] * 80})
    write_pdf(tmp_path / "a.pdf", report)
    assert int(re.search(rb"/Type/Pages/Count (\d+)", (tmp_path / "a.pdf").read_bytes())[1]) >= 2


def test_other_files_are_not_reports(measured, tmp_path):
    with pytest.raises(UserError, match=r"\.html or \.pdf"):
        write_report(tmp_path / "a.docx", measured)
    assert list(tmp_path.iterdir()) == []


def test_a_comparison_reports_what_changed(tmp_path):
    rng = np.random.default_rng(1)
    base = 20 * np.exp(0.3 * rng.standard_normal(200))
    samples = {"first": Sizes.equal(base, "nm"), "larger": Sizes.equal(1.2 * base[:150], "nm")}
    found = write_comparison([tmp_path / "c.html", tmp_path / "c.pdf"], samples, precision=QUICK)
    page = Page((tmp_path / "c.html").read_text(encoding="utf-8"))
    row = page.rows("Differences from the reference")["larger"]
    expected = 100 * (1.2 * np.exp(np.log(base[:150]).mean() - np.log(base).mean()) - 1)
    assert shows(row["Geometric mean"], expected)
    assert row["Count"] == "-25.0 %" and found["larger"].p_value < 0.05
    with pytest.raises(UserError, match="at least two samples, not 1"):
        write_comparison(tmp_path / "d.html", {"first": samples["first"]})


def starred(values):
    """Tables with a star in a cell, those that say what it means, and what is still needed."""
    table = pd.DataFrame({"ecd_px": values, "ecd_nm": values, "weight": 1.0})
    described = describe(Sizes.of(table), QUICK)
    tables = [_statistics(described, Scale.of(described)), _moments(described, Scale.of(described))]
    stars = {one.title for one in tables if any("*" in cell for row in one.rows for cell in row)}
    return stars, {one.title for one in tables if one.note.startswith("*")}, dict(_needs(described)[0].rows), described


def test_a_figure_that_few_particles_carry_never_has_enough_of_them():
    stars, explained, needs, described = starred(lognorm.ppf((np.arange(70) + 0.5) / 70, 0.12, scale=20))
    assert not described.figures["moments"]["D[4,3]"].supported
    assert needs["Geometric mean"] == "enough" and "too few" in needs["D[4,3]"]
    assert described.more_needed["D[4,3]"] is None
    assert stars == explained == {"Size distribution (nm)", "Moment means, ISO 9276-2"}


def test_a_star_is_explained_only_where_there_is_one():
    stars, explained, needs, _ = starred(lognorm.ppf((np.arange(400) + 0.5) / 400, 0.05, scale=20))
    assert stars == explained == set() and needs["D[4,3]"] == "enough"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (math.nan, "-"), (0.01234, "0.0123"), (9.996, "10.0"), (123.4, "123"), (1e4, "10000")],
)
def test_numbers_are_short(value, text):
    assert digits(value) == text


def test_the_rules_are_named(measured):
    rules = Rules(border="guard_frame", smallest_px=5, size="feret_max", volume="rod")
    table = measure_particles(measured.labels, pixel_size_nm=0.5, rules=rules)
    report = content(
        Measured("x", table, measured.labels, None, 0.5, rules), describe(Sizes.of(table, rules), QUICK), {}
    )
    assert "guard frame" in report.rules["Border"] and "5 px" in report.rules["Size limits"]
    assert report.rules["Size"] == "largest Feret diameter" and report.rules["Volume"].startswith("rod")
    counted = table[table["weight"] > 0]["feret_max_nm"]
    assert shows(report.headline[1][1], float(np.exp(np.log(counted).mean())))


def test_particles_of_several_images_are_listed_by_image(measured):
    tables = [measure_particles(discs(seed)[0], image=f"image {seed}", pixel_size_nm=2.0) for seed in (0, 1)]
    both = pd.concat(tables)
    report = content(Measured("both", both), describe(Sizes.of(both), QUICK), {})
    assert report.particles.head[:2] == ("Image", "No.")
    assert [row[:2] for row in report.particles.rows] == [
        (one["image"], str(one["label"])) for one in both.to_dict("records")
    ]
    assert len({row[:2] for row in report.particles.rows}) == len(both)
    assert content(measured, describe(Sizes.of(measured.table), QUICK), {}).particles.head[0] == "No."


def test_images_of_several_pixel_sizes_are_not_pooled():
    sizes = {"known": 2.0, **dict.fromkeys(f"u{number}" for number in range(7))}
    tables = [measure_particles(discs(1)[0], image=name, pixel_size_nm=size) for name, size in sizes.items()]
    table = pd.concat(tables)
    described = describe(Sizes.of(table[:0]))
    report = content(Measured("all", table), described, {})
    (warning,) = report.warnings
    assert "7 images is unknown: u0, u1, u2, u3, u4 and 2 more. Set the scale" in warning
    assert "--pixel-size" in warning and "not pooled" in warning
    counted = int((table["weight"] > 0).sum())
    excluded = f"of {len(table)} found ({len(table) - counted} at the border)"
    assert report.headline == [("Particles counted", str(counted), excluded)]
    assert report.rules["Pixel size"] == "individual for each image; unknown for some"
    assert [one.title for one in report.tables] == ["Shape", "Classes of outlines"]
    assert all(cell != "-" and "nm" not in cell for one in report.tables for row in one.rows for cell in row)


def test_the_table_states_why_particles_do_not_count(measured):
    table = content(measured, describe(Sizes.of(measured.table), QUICK), {}).particles
    assert table.head[-2:] == ("Weight", "Excluded because")
    own = measured.table.set_index("label")
    for row in table.rows:
        weight = own["weight"][int(row[0])]
        assert row[-2:] == (("", "at the border") if weight == 0 else (f"{weight:.2f}", ""))
    inside = replace(measured, table=measured.table[measured.table["weight"] > 0])
    assert content(inside, describe(Sizes.of(inside.table), QUICK), {}).particles.head[-1] == "Weight"


def test_counts_and_key_figures_are_explained_where_they_appear(measured, tmp_path):
    write_report(tmp_path / "a.html", measured, precision=QUICK)
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    for part in ("1/probability of being seen whole (Miles-Lantuejoul)", "GSD: geometric standard deviation", "D10"):
        assert text.index(part) < text.index("<svg")


def test_provenance_has_as_many_digits_as_people_read():
    text = as_yaml({"share": 12.360774464742066, "many": [number / 7 for number in range(100)], "names": ["a"] * 20})
    assert "share: 12.3608" in text and "94 more" in text and "0.142857" in text and len(text) < 300
    assert text.count("a,") == 19
