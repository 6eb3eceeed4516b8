import importlib.util
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import font_manager
from matplotlib.figure import Figure
from PIL import Image

from particleforge.measurement import lettering
from particleforge.measurement.figures import draw_sizes, particle_figure, save_figure
from particleforge.measurement.lettering import legible, letter
from particleforge.measurement.outlines import outlines, simplified
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.picture import scale_bar
from particleforge.measurement.report.content import Content
from particleforge.measurement.report.write import write_pages
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.fits.ranking import fits
from particleforge.measurement.statistics.sizes import Sizes


def labelled(count, size=400):
    labels = np.zeros((size, size), np.int64)
    rng = np.random.default_rng(count)
    side = max(1, int(np.ceil(np.sqrt(count))))
    step = size // side
    for i in range(count):
        y, x = (i // side) * step, (i % side) * step
        labels[y : y + rng.integers(1, step), x : x + rng.integers(1, step)] = 1000 * (i + 1)
    return labels


def drawn_ticks(axes):
    """Tick labels within the limits of the axis; the others are not drawn."""
    low, high = axes.get_xlim()
    return [text for text in axes.get_xticklabels() if low <= text.get_position()[0] <= high]


def texts_outside(fig):
    """Text that leaves the figure."""
    fig.canvas.draw()
    renderer, page = fig.canvas.get_renderer(), fig.bbox
    shown = [
        text
        for axes in fig.axes
        for text in (*axes.texts, axes.xaxis.label, axes.yaxis.label, axes._left_title, *drawn_ticks(axes))
        if text.get_text() and text.get_visible() and axes.axison
    ]
    boxes = {text.get_text(): text.get_window_extent(renderer) for text in shown}
    return [name for name, box in boxes.items() if box.x0 < 0 or box.y0 < 0 or box.x1 > page.x1 or box.y1 > page.y1]


@pytest.mark.parametrize("pixel_size_nm", [None, 0.37])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 900])
def test_nothing_is_clipped_for_any_number_of_particles(count, pixel_size_nm):
    labels = labelled(count)
    table = measure_particles(labels, pixel_size_nm=pixel_size_nm)
    grey = None if count == 5 else np.random.default_rng(0).normal(100, 9, labels.shape)
    fig = particle_figure(grey, labels, table, name="n" * 100, pixel_size_nm=pixel_size_nm)
    assert texts_outside(fig) == []


@pytest.mark.parametrize("shape", [(60, 400), (400, 60), (1, 1), (2100, 30)])
def test_images_of_any_shape_are_drawn(shape):
    labels = np.zeros(shape, np.uint8)
    labels[: max(1, shape[0] // 3), : max(1, shape[1] // 3)] = 7
    fig = particle_figure(np.zeros(shape, np.float32), labels, measure_particles(labels), name="odd")
    assert texts_outside(fig) == []


def test_the_histogram_holds_every_particle():
    labels = labelled(900)
    fig = particle_figure(None, labels, measure_particles(labels, rules=Rules(border="keep_all")))
    assert sum(bar.get_height() for bar in fig.axes[1].patches) == 900
    inside = measure_particles(labels)
    fig = particle_figure(None, labels, inside)
    assert sum(bar.get_height() for bar in fig.axes[1].patches) == pytest.approx((inside["weight"] > 0).sum())


@pytest.mark.parametrize("logarithmic", [False, True])
def test_the_histogram_shows_the_fit_of_least_aic(logarithmic):
    rng = np.random.default_rng(3)
    two = np.concatenate([rng.normal(40, 2, 60), rng.normal(120, 5, 60)])
    values = two if logarithmic else 100 + np.sort(two) / 4
    best = fits(Sizes.equal(values)).ranked[0]
    assert best.fit.name == "bimodal log-normal"
    axes = Figure().subplots()
    bars = draw_sizes(axes, values, "nm")
    (line,) = axes.lines
    assert line.get_label() == "bimodal log-normal fit" and axes.get_xscale() == ("log" if logarithmic else "linear")
    x, y = line.get_data()
    expected = [
        len(values) * float(np.diff(best.fit.cumulative(bar.get_x() + np.array([0, bar.get_width()])))[0])
        for bar in bars
    ]
    edges = [bar.get_x() for bar in bars] + [bars[-1].get_x() + bars[-1].get_width()]
    drawn = [np.mean(y[(x >= low) & (x < high)]) for low, high in itertools.pairwise(edges)]
    np.testing.assert_allclose(drawn, expected, atol=1.5)


def test_equal_particles_make_one_bar():
    labels = np.pad(np.kron(np.arange(1, 10).reshape(3, 3), np.ones((5, 5), int)), 3)
    fig = particle_figure(None, labels, measure_particles(labels))
    assert [bar.get_height() for bar in fig.axes[1].patches] == pytest.approx([9])


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_figures_are_saved_whole(tmp_path, suffix):
    labels = labelled(9)
    fig = particle_figure(None, labels, measure_particles(labels), name="x")
    save_figure(fig, tmp_path / f"figure{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"figure{suffix}"]
    if suffix == ".png":
        with Image.open(tmp_path / "figure.png") as image:
            assert np.asarray(image.convert("L")).std() > 10


def test_particles_that_do_not_count_are_dashed_and_explained():
    labels = np.zeros((60, 60), np.int64)
    labels[0:9, 5:15], labels[30:39, 20:30], labels[45:50, 40:50] = 1, 2, 3
    fig = particle_figure(None, labels, measure_particles(labels))
    counted, excluded = fig.axes[0].collections
    assert [len(lines.get_segments()) for lines in (counted, excluded)] == [2, 1]
    assert [lines.get_linestyle()[0][1] is None for lines in (counted, excluded)] == [True, False]
    caption = " ".join(fig._supxlabel.get_text().split())
    assert "1/probability of being seen whole" in caption and "Dashed: does not count." in caption
    assert "GSD: geometric mean and geometric standard deviation" in caption and "D10, D50, D90" in caption
    assert fig.axes[1].get_ylabel() == "Number of particles, weighted"


HOSTILE = ["a$_$b", "$\\frac{", "粒子_01", "\U0001f52c", "أبجد", "a\tb", "%s{0}<&>", "\\alpha", "x" * 255]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_drawn_as_they_are(name, tmp_path):
    labels = labelled(4)
    fig = particle_figure(None, labels, measure_particles(labels), name=name)
    letter(fig)
    save_figure(fig, *(tmp_path / f"figure{suffix}" for suffix in (".png", ".svg", ".pdf")))
    assert len(list(tmp_path.iterdir())) == 3
    shown = fig.axes[0].get_title(loc="left")
    assert shown == legible(name) or len(name) > 48


def test_characters_without_a_glyph_become_their_code(monkeypatch):
    monkeypatch.setattr(lettering, "OTHERS", ())
    forget()
    assert legible("粒 a_1 µé αא\U0001f52c\n") == "\\u7c92 a_1 µé αא\\U0001f52c\n"
    forget()


def forget():
    """Forget which fonts are installed."""
    for found in (lettering._fonts, lettering._paths):
        found.cache_clear()


@pytest.fixture
def japanese(monkeypatch):
    """Install a font with Japanese characters that comes with napari."""
    found = importlib.util.find_spec("napari_resources")
    paths = [] if found is None else [*Path(found.origin).parent.rglob("MPLUS1p-Regular.ttf")]
    if not paths:
        pytest.skip("there is no such font")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))
    font_manager.fontManager.addfont(paths[0])
    monkeypatch.setattr(lettering, "OTHERS", (font_manager.fontManager.ttflist[-1].name,))
    forget()
    yield
    forget()


def test_characters_that_another_font_has_are_drawn_in_it(japanese, tmp_path):
    assert legible("粒子_01") == "粒子_01"
    labels = labelled(4)
    fig = particle_figure(None, labels, measure_particles(labels), name="粒子")
    letter(fig)
    save_figure(fig, tmp_path / "a.pdf")
    write_pages(tmp_path / "b.pdf", Content("粒子", [], [], [], {}, ""))
    assert all(b"MPLUS1p" in (tmp_path / name).read_bytes() for name in ("a.pdf", "b.pdf"))


@pytest.mark.parametrize("text_pt", [6, 12])
def test_text_can_be_resized(text_pt):
    labels = labelled(9)
    fig = particle_figure(None, labels, measure_particles(labels), name="x")
    letter(fig, text_pt)
    fig.canvas.draw()
    right = fig.axes[1]
    assert right.yaxis.label.get_size() == pytest.approx(text_pt)
    assert right.get_xticklabels()[0].get_size() == pytest.approx(text_pt * 8 / 9)
    assert texts_outside(fig) == []


def test_simplified_outlines_keep_their_shape():
    y, x = np.mgrid[:60, :60]
    labels = (np.hypot(y - 30, x - 30) < 20).astype(int) + 2 * ((y > 55) & (x < 9))
    for (line,) in outlines(labels).values():
        (short,) = simplified([line])
        assert len(short) < len(line)
        np.testing.assert_array_equal(short[[0, -1]], line[[0, -1]])
        assert area(short) == pytest.approx(area(line), rel=0.01)
    assert simplified([]) == []


def area(line):
    x, y = line.T
    return abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def test_outlines_close_around_their_particles():
    labels = np.zeros((20, 30), np.int64)
    labels[3:9, 5:15], labels[12:15, 20:30] = 70_000, 4
    found = outlines(labels)
    for label, (low, high) in {70_000: ((5, 3), (14, 8)), 4: ((20, 12), (29, 14))}.items():
        (line,) = found.pop(label)
        np.testing.assert_array_equal(line[0], line[-1])
        np.testing.assert_array_equal(line.min(axis=0), np.array(low) - 0.5)
        np.testing.assert_array_equal(line.max(axis=0), np.array(high) + 0.5)
    assert not found


@given(st.integers(1, 20_000), st.one_of(st.none(), st.floats(1e-3, 1e5)))
def test_scale_bars_are_round_and_fit(width, pixel_size_nm):
    length, text = scale_bar(width, pixel_size_nm)
    assert 0.07 * width < length < 0.2001 * width
    number, unit = text.split()
    assert number.strip("0.")[:1] in ("1", "2", "5") or float(number) >= 1e5
    factor = {"nm": 1, "µm": 1e3, "mm": 1e6, "px": None}[unit]
    assert float(number) == pytest.approx(
        length if factor is None else length * (pixel_size_nm or 1) / factor, rel=1e-6
    )


def test_importing_does_not_load_matplotlib():
    code = "import sys, particleforge.measurement.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
