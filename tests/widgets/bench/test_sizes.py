"""The step Sizes: what is shown, drawn, selected, written, and said as a script."""

import re
import shlex
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from particleforge.errors import UserError
from particleforge.measurement.borders.drop import Drop
from particleforge.measurement.filter import Filter
from particleforge.measurement.groups import ImageTable
from particleforge.measurement.particles import measure_particles
from particleforge.measurement.project_tables import image_table, image_tables
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.rules import Rules
from particleforge.store.particle_files import ImageParticles, Origin, write_particles
from particleforge.store.project import Project
from particleforge.widgets.bench.sizes.canvas import rendered
from particleforge.widgets.bench.sizes.columns import FIRST, cell
from particleforge.widgets.bench.sizes.drawing import Look, draw
from particleforge.widgets.bench.sizes.files import check_new, write_csv, write_plot, write_shown_report, write_xlsx
from particleforge.widgets.bench.sizes.gather import Gatherer
from particleforge.widgets.bench.sizes.out import FIGURE, TABLE, with_suffix
from particleforge.widgets.bench.sizes.plot import SizesPlot, labels_in
from particleforge.widgets.bench.sizes.remembered import read_remembered, remember
from particleforge.widgets.bench.sizes.script import command, python
from particleforge.widgets.bench.sizes.shown import Summary, shown_of, summary_of
from particleforge.widgets.bench.sizes.table import ParticleTable
from particleforge.widgets.bench.sizes.words import differences, group_rows, headline

SHAPE = (150, 180)
LIMIT_MS = 30_000


def labels_of(radius, seed=0):
    """Discs of about a radius; those at the left are cut."""
    rng, labels = np.random.default_rng(seed), np.zeros(SHAPE, np.uint32)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for number, (row, column) in enumerate(np.argwhere(np.ones((5, 6))) * 29 + [14, 5], start=1):
        labels[(y - row) ** 2 + (x - column) ** 2 <= (radius * rng.lognormal(0, 0.15)) ** 2] = number
    return labels


def table_of(name, radius, group="", size=2.0, rules=Rules(), scores=None):
    labels = labels_of(radius, len(name))
    table = measure_particles(labels, image=name, pixel_size_nm=size, rules=rules, scores=scores)
    return ImageTable(name, table, SHAPE, rules, group, None, size)


@pytest.fixture
def times():
    """Two images at each of three times, out of order."""
    radii = {"10 min": 8, "0 min": 7, "20 min": 10}
    return [table_of(f"{group[:2].strip()}-{n}", r, group) for group, r in radii.items() for n in (1, 2)]


@pytest.fixture
def project(tmp_path):
    """A project of four images in two groups; nobody has searched a fifth."""
    folder = tmp_path / "gold"
    for group, radius in {"small": 7, "large": 9}.items():
        (folder / group).mkdir(parents=True)
        for number in range(2):
            name, labels = f"{group}{number}", labels_of(radius, number)
            image = np.where(labels > 0, 180, 60).astype(np.uint8)
            tifffile.imwrite(folder / group / f"{name}.tif", image)
            scores = {n: n / 40 for n in range(1, 31)}
            origin = Origin(scores=scores, sure=frozenset(scores), count=30)  # not to be found again
            write_particles(folder / "particles", name, ImageParticles(labels, origin))
    tifffile.imwrite(folder / "new.tif", np.zeros(SHAPE, np.uint8))
    made = Project(folder)
    made.set(made.names, pixel_size_nm=2.0)
    return made


@pytest.fixture(autouse=True)
def own_workspace(tmp_path, monkeypatch):
    """A workspace that is nobody's."""
    monkeypatch.setattr("particleforge.widgets.bench.sizes.remembered.workspace", lambda: tmp_path / "work")


def test_groups_of_times_are_in_their_order(times):
    shown = shown_of(times, Rules(), grouped=True)
    assert shown.names == ["0 min", "10 min", "20 min"]
    assert [number.value for number in shown.values.values()] == [0, 10, 20]
    assert not shown_of([replace(one, group="gold") for one in times[:2]] + times[2:], Rules(), grouped=True).values
    assert len(shown_of(times, Rules()).groups) == 1


def test_images_without_a_scale_are_left_out_with_a_word(times):
    shown = shown_of([*times, table_of("none", 7, size=None)], Rules())
    assert "none" not in set(shown.table["image"])
    assert shown.remarks == ["Not counted: none (its scale is not known)."]
    assert shown.scale.sign == "nm"
    alone = shown_of([table_of("none", 7, size=None)], Rules())
    assert alone.scale.sign == "px" and not alone.remarks


def test_the_words_hold_the_figures(times):
    shown = shown_of(times, Rules(), grouped=True)
    summary = summary_of(shown)
    head, *rows = group_rows(shown, summary)
    assert head[3].endswith("(nm)") and [row[0] for row in rows] == shown.names
    for row, group in zip(rows, shown.groups, strict=True):
        table = group.table[group.table["weight"] > 0]
        middle = np.exp(np.average(np.log(table["ecd_nm"]), weights=table["weight"]))
        assert row[1:3] == (str(len(table)), "2")
        assert float(row[3].split()[0]) == pytest.approx(middle, rel=0.02)
    assert len(differences(summary)) == 2 and "against 0 min" in differences(summary)[0]
    one = shown_of(times[:1], Rules())
    assert "…" in headline(one, None) and "…" not in headline(one, summary_of(one))
    assert "Find them" in headline(shown_of([], Rules()), Summary())


def test_what_a_filter_leaves_out_is_not_counted(times):
    shown = shown_of(times[:1], Rules(), Filter(classes=("rod",)))
    assert shown.count == 0 and headline(shown, None).startswith("<b>0 of")
    assert set(shown.table["excluded"]) <= {"filtered out", "at the border"}


@pytest.mark.parametrize("kind", ["histogram", "cumulative", "values"])
@pytest.mark.parametrize("weighting", ["number", "volume"])
def test_every_plot_can_be_drawn(times, kind, weighting):
    for shown in (shown_of(times, Rules(), grouped=True), shown_of(times[:1], Rules()), shown_of([], Rules())):
        picture = rendered(partial(drawn, shown, Look(kind, weighting)), (400, 300), 1, "#ffffff")
        assert picture.pixels.shape == (300, 400, 4) and picture.pixels[..., 3].any()


def drawn(shown, look, figure, ink):
    return draw(figure, shown, None, replace(look, ink=ink))


def test_each_bar_selects_its_particles_and_all_have_one(times):
    from matplotlib.figure import Figure

    shown = shown_of(times[:2], Rules())
    axes, bars = draw(Figure(), shown, None, Look())
    found = [labels_in(shown, bar) for bar in bars]
    counted = shown.table[shown.table["weight"] > 0]
    pairs = sorted((image, label) for one in found for image, ids in one.items() for label in ids)
    assert pairs == sorted(zip(counted["image"], counted["label"], strict=True))
    weights = counted.set_index(["image", "label"])["weight"]
    shares = [sum(weights[image, label] for image, ids in one.items() for label in ids) for one in found]
    heights = [patch.get_height() for patch in axes.containers[0]]
    assert heights == pytest.approx([100 * share / weights.sum() for share in shares])


def test_a_click_on_a_bar_gives_what_is_in_it(qtbot, times):
    plot = SizesPlot()
    qtbot.addWidget(plot)
    plot.resize(420, 320)
    plot.show()
    with qtbot.waitSignal(plot.canvas.drawn, timeout=LIMIT_MS):
        plot.show_sizes(shown_of(times[:1], Rules()), None)
    if not plot.canvas.picture.marks:  # the empty plot came first
        qtbot.waitSignal(plot.canvas.drawn, timeout=LIMIT_MS).wait()
    bar = plot.canvas.picture.marks[1]
    canvas, wanted = plot.canvas, (bar.low + bar.high) / 2
    places = [(x, canvas.at(_point(x, canvas.height() / 2))) for x in range(canvas.width())]
    x = min((place for place in places if place[1]), key=lambda place: abs(place[1][0] - wanted))[0]
    with qtbot.waitSignal(plot.picked, timeout=LIMIT_MS) as heard:
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=_point(x, canvas.height() / 2).toPoint())
    assert heard.args[0] == labels_in(shown_of(times[:1], Rules()), bar)


def _point(x, y):
    from qtpy.QtCore import QPointF

    return QPointF(x, y)


def rows_of(table, column=0):
    model = table.model()
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


@pytest.fixture
def table(qtbot):
    made = ParticleTable()
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.show()
    return made


def test_rows_are_sorted_selected_and_copied(qtbot, table, times):
    shown = shown_of(times[:1], Rules())
    table.show_rows(shown.table)
    assert "image" not in table.rows.columns
    place = list(table.rows.columns).index("ecd_nm")
    table.sortByColumn(place, Qt.SortOrder.DescendingOrder)
    sizes = shown.table["ecd_nm"].to_numpy()[table.rows.order]
    assert (np.diff(sizes) <= 0).all()
    with qtbot.waitSignal(table.picked) as heard:
        table.selectRow(2)
    label = int(shown.table["label"].to_numpy()[table.rows.order[2]])
    assert heard.args[0] == {shown.images[0].name: [label]}
    assert table.copy() == 1
    head, row, end = QGuiApplication.clipboard().text().split("\n")
    assert end == "" and row.split("\t")[list(table.rows.columns).index("label")] == str(label)
    assert "Equal-area diameter (nm)" in head.split("\t")
    table.highlight({shown.images[0].name: [3, 5]})
    assert len(table.selected_rows()) == 2
    with qtbot.waitSignal(table.removed) as heard:
        qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert {name: sorted(ids) for name, ids in heard.args[0].items()} == {shown.images[0].name: [3, 5]}


def test_several_images_and_groups_have_their_columns(table, times):
    table.show_rows(shown_of(times, Rules(), grouped=True).table)
    assert list(table.rows.columns)[:2] == ["image", "group"]


def test_rows_that_do_not_count_are_grey_and_say_why(table, times):
    shown = shown_of(times[:1], Rules())
    table.show_rows(shown.table)
    model = table.model()
    for row, (weight, reason) in enumerate(zip(shown.table["weight"], shown.table["excluded"], strict=True)):
        tip = model.data(model.index(row, 0), Qt.ItemDataRole.ToolTipRole)
        grey = model.data(model.index(row, 0), Qt.ItemDataRole.ForegroundRole)
        assert (tip, grey is None) == ((f"Not counted: {reason}", False) if weight == 0 else (None, True))
    assert (shown.table["weight"] == 0).any()


def test_columns_are_chosen_in_a_menu(qtbot, table, times):
    table.show_rows(shown_of(times[:1], Rules()).table)
    menu = table.column_menu()
    titles = {action.text(): action for action in menu.actions()}
    assert "Area (nm²)" in titles and titles["Equal-area diameter (nm)"].isChecked()
    with qtbot.waitSignal(table.chosen) as heard:
        titles["Area (nm²)"].trigger()
    assert heard.args[0] == [*FIRST, "area"] and "area_nm2" in table.rows.columns
    remember(columns=tuple(heard.args[0]))
    assert read_remembered().columns == (*FIRST, "area")


def test_sixty_thousand_rows_scroll(table, times):
    once = shown_of(times[:1], Rules()).table
    many = pd.concat([once] * (60_000 // len(once) + 1), ignore_index=True)
    table.show_rows(many)
    table.repaint()
    begun = time.perf_counter()
    for row in range(0, len(many), len(many) // 20):
        table.scrollTo(table.model().index(row, 0))
        table.repaint()
    assert (time.perf_counter() - begun) / 20 < 0.1


def test_files_hold_what_is_shown(tmp_path, times):
    shown = shown_of(times, Rules(), grouped=True)
    write_csv(tmp_path / "a.csv", shown)
    read = pd.read_csv(tmp_path / "a.csv")
    assert len(read) == len(shown.table) and read["ecd_nm"].to_numpy() == pytest.approx(shown.table["ecd_nm"])
    write_xlsx(tmp_path / "a.xlsx", shown)
    sheets = sheets_of(tmp_path / "a.xlsx")
    assert list(sheets) == ["Particles", "Summary", "Settings"]
    head, *rows = sheets["Particles"]
    assert head == list(shown.table) and len(rows) == len(shown.table)
    assert float(rows[3][head.index("ecd_nm")]) == pytest.approx(shown.table["ecd_nm"].iloc[3])
    assert any("against 0 min" in row[0] for row in sheets["Summary"])
    assert any(row[0] == "Border" for row in sheets["Settings"])
    for suffix, start in {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}.items():
        write_plot(tmp_path / f"plot{suffix}", shown, Look())
        assert (tmp_path / f"plot{suffix}").read_bytes().startswith(start)


def sheets_of(path):
    """Cells of the sheets of a workbook as text, read without the library that wrote them."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as book:
        names = [one.get("name") for one in ElementTree.parse(book.open("xl/workbook.xml")).iter(f"{space}sheet")]
        shared = ["".join(one.itertext()) for one in ElementTree.parse(book.open("xl/sharedStrings.xml")).getroot()]
        found = {}
        for number, name in enumerate(names, start=1):
            rows = []
            for row in ElementTree.parse(book.open(f"xl/worksheets/sheet{number}.xml")).iter(f"{space}row"):
                values = {re.sub(r"\d", "", cell.get("r")): cell for cell in row}
                rows.append({place: _content(cell, shared, space) for place, cell in values.items()})
            columns = list(rows[0])
            found[name] = [[row.get(place, "") for place in columns] for row in rows]
        return found


def _content(cell, shared, space):
    value = cell.findtext(f"{space}v", "")
    return shared[int(value)] if cell.get("t") == "s" else value


def test_reports_are_written_of_one_group_and_of_several(tmp_path, times):
    for grouped, text in ((False, "6 images"), (True, "Sizes compared with 0 min")):
        path = tmp_path / f"{grouped}.html"
        write_shown_report(path, shown_of(times, Rules(), grouped=grouped), {"project": "gold"})
        assert text in path.read_text("utf-8")
    with pytest.raises(UserError, match="nothing to report"):
        write_shown_report(tmp_path / "none.html", shown_of([], Rules()), {})


def test_nothing_is_overwritten_unasked(tmp_path):
    (tmp_path / "a.csv").write_text("mine")
    assert with_suffix(tmp_path / "a", "Comma-separated values (*.csv)", TABLE) == tmp_path / "a.csv"
    assert with_suffix(tmp_path / "a.svg", "PNG (*.png)", FIGURE) == tmp_path / "a.svg"
    check_new(tmp_path / "a.csv", tmp_path / "a.csv")
    with pytest.raises(UserError, match="exists already"):
        check_new(tmp_path / "a.csv", tmp_path / "a")


def test_images_are_measured_once_and_again_where_needed(project, monkeypatch):
    measured = []
    own = image_table

    def counting(opened, name, rules):
        measured.append(name)
        return own(opened, name, rules)

    monkeypatch.setattr("particleforge.widgets.bench.sizes.gather.image_table", counting)
    gatherer, names = Gatherer(), project.names
    first = gatherer.gather(project, names, Rules())
    assert [one.name for one in first.images] == [name for name in names if name != "new"]
    assert sorted(measured) == sorted(names)
    measured.clear()
    other = Rules(border=Drop())
    found = gatherer.gather(project, names, other)
    assert not measured
    for one, again in zip(found.images, image_tables(project, other), strict=True):
        pd.testing.assert_frame_equal(one.table, again.table)
        assert one.group == again.group
    gatherer.gather(project, names, other.replace(gap="5 px"))
    assert sorted(measured) == sorted(name for name in names if name != "new")
    measured.clear()
    labels = labels_of(5)
    write_particles(project.folder / "particles", "small0", ImageParticles(labels, Origin(count=30)))
    changed = gatherer.gather(project, names, other.replace(gap="5 px"))
    assert measured == ["small0"]
    assert len(changed.images[0].table) == len(np.unique(labels)) - 1 or changed.images[0].name != "small0"


def test_a_broken_file_is_named_and_the_others_are_shown(project):
    (project.folder / "particles" / "small0.tif").write_bytes(b"nothing")
    found = Gatherer().gather(project, project.names, Rules())
    assert set(found.failed) == {"small0"} and len(found.images) == 3


def test_the_python_of_groups_runs_and_prints_what_is_shown(project):
    rules, chosen = Rules(border="drop", smallest_px=5), Filter(min_score=0.1)
    shown = shown_of(image_tables(project, rules), rules, chosen, grouped=True)
    script = python(project.folder, shown, project.names, True)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    for row in group_rows(shown, summary_of(shown))[1:]:
        assert f"{row[0]} {row[1]} particles, geometric mean {row[3]} nm" in done.stdout
    assert re.search(r"(small|large) [+-]\d+\.\d+ %, p = ", done.stdout)


def test_the_command_line_gives_the_figures_shown(project):
    project.remove(["new"])
    project.configure(measuring=Rules(border="drop").changed())
    shown = shown_of(image_tables(project, Rules(border="drop")), Rules(border="drop"))
    line = command(project.folder, shown, project.names, False).splitlines()[-1]
    program, *words = shlex.split(line)
    assert program == "particleforge"
    subprocess.run([sys.executable, "-m", "particleforge.cli", *words], capture_output=True, check=True)
    pooled = ResultsFolder.open(project.folder / "results").summary["pooled"]
    figures = shown.groups[0].figures
    assert pooled["counted"] == shown.count
    assert pooled["nm"]["geometric_mean"] == pytest.approx(figures["geometric_mean"].value, rel=1e-5)
    assert pooled["intervals"]["geometric_mean"] == pytest.approx(
        [figures["geometric_mean"].low, figures["geometric_mean"].high], rel=1e-4
    )


def test_the_command_line_says_what_it_cannot_do(project):
    shown = shown_of(image_tables(project, Rules(), ["small0"]), Rules(), Filter(min_score=0.5))
    text = command(project.folder, shown, project.names, False)
    assert "the choice of images and the filter" in text
    whole = shown_of(image_tables(project, Rules()), Rules())
    text = command(project.folder, whole, [one.name for one in whole.images], False)
    assert "does not know" not in text
    assert text.splitlines()[-1] == f"particleforge measure --project {project.folder}"


def test_a_picture_of_a_filter_of_all_classes_is_empty(times):
    shown = shown_of(times[:1], Rules(), Filter(classes=("none",)))
    assert shown.drawn == [] and headline(shown, None).startswith("<b>0 of")


@pytest.mark.parametrize(
    ("value", "text"),
    [(36.02, "36.0"), (36.2, "36.2"), (3.0, "3"), (99.97, "100"), (0.5, "0.500"), (123.4, "123"), (float("nan"), "")],
)
def test_cells_have_three_digits_also_where_the_last_is_zero(value, text):
    assert cell(value) == text
