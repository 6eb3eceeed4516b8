"""What a person does with a form, and what it says."""

import math
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, FilePath, model_validator
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QLabel

from particleforge.draws import (
    Choice,
    Draw,
    Empirical,
    LogNormal,
    LogUniform,
    Mixture,
    Normal,
    OneOf,
    PerImage,
    PerParticle,
    Uniform,
    Within,
)
from particleforge.errors import UserError
from particleforge.measurement.columns import PROPERTIES
from particleforge.measurement.filter import Limit
from particleforge.measurement.rules import Rules
from particleforge.params import Params
from particleforge.recipes.cutpaste.canvases.auto import Auto
from particleforge.recipes.cutpaste.canvases.texture import Texture
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.shapes.outlines.rod import Rod
from particleforge.recipes.shapes.population import Population
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.widgets.form import ParamsForm
from particleforge.widgets.form.curve import Curve
from particleforge.widgets.form.density import density
from particleforge.widgets.form.editor import Editor
from particleforge.widgets.form.kinds import KindEditor
from particleforge.widgets.form.labels import label
from particleforge.widgets.form.numbers import read, shown
from particleforge.widgets.form.section import Fold
from particleforge.widgets.form.spec import Spec, fields


class Range(Params):
    """A nested class whose fields depend on each other."""

    low_nm: float = Field(1.0, gt=0, description="Lower end.")
    high_nm: float = Field(2.0, description="Upper end.")

    @model_validator(mode="after")
    def _ordered(self):
        if self.low_nm > self.high_nm:
            raise ValueError("low_nm is above high_nm")
        return self


class Example(Params):
    """One field of each sort."""

    count: int = Field(3, ge=0, le=2_000_000, description="How <many>.")
    rate: float = Field(1e-4, gt=0, le=1)
    seed: int = 0
    limit_px: float | None = Field(None, gt=0)
    mode: Literal["fast", "very_slow"] = "fast"
    maybe_mode: Literal["a", "b"] | None = None
    source: FilePath | None = None
    size: tuple[int, int] = (2, 2)
    numbers: tuple[Annotated[float, Field(gt=0)], ...] = (1e-9, 2.0)
    angle_deg: Annotated[Draw, PerParticle(), Within(0, 360)] = Field(90.0, description="Turn.")
    share: Annotated[Draw, PerImage(), Within(0, 1)] | None = None
    range: Range = Range()
    maybe_range: Range | None = None

    @model_validator(mode="after")
    def _few(self):
        if self.count > 10 and self.rate > 0.5:
            raise ValueError("so many need a lower rate")
        return self


def a_form(qtbot, params):
    form = ParamsForm(params)
    qtbot.addWidget(form)
    return form


def editor(form, *path):
    """Editor of a field, its sections opened."""
    found = form._fields
    for name in path:
        if not hasattr(found, "editors"):
            found.fold.setChecked(True)
            found = found.body.content
        found = found.editors[name]
    return found


def type_in(qtbot, line, text):
    line.selectAll()
    line.insert(text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def choose(kind_editor, words):
    index = kind_editor.chooser.findText(words)
    assert index >= 0
    kind_editor.chooser.setCurrentIndex(index)


def marked(form):
    """Reasons of all editors that show one."""
    return [found.reason for found in form.findChildren(Editor) if found.reason]


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_is_read_back_as_it_was(number):
    back = read(shown(number), type(number))
    assert back == number
    assert type(back) is type(number)
    assert math.copysign(1, back) == math.copysign(1, number)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e-4, "1e-4"),
        (0.00025, "2.5e-4"),
        (0.002, "0.002"),
        (5.0, "5"),
        (1e22, "1e22"),
        (-1e-7, "-1e-7"),
        (1234.5, "1234.5"),
    ],
)
def test_a_number_is_shown_short(number, text):
    assert shown(number) == text


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("count", "1e3", 1000),
        ("count", "1000000", 1_000_000),
        ("rate", "2.5e-7", 2.5e-7),
        ("rate", ".5", 0.5),
        ("seed", "123456789012345678901234567890", 123456789012345678901234567890),
        ("seed", "\N{MINUS SIGN}7", -7),
        ("limit_px", "3", 3.0),
    ],
)
def test_numbers_can_be_typed(qtbot, field, text, value):
    form = a_form(qtbot, Example)
    box = editor(form, field).box
    type_in(qtbot, box.lineEdit(), text)
    assert box.lineEdit().text() == text
    assert getattr(form.params(), field) == value


def test_an_optional_number_can_be_emptied_and_filled(qtbot):
    form = a_form(qtbot, Example(limit_px=4))
    line = editor(form, "limit_px").box.lineEdit()
    type_in(qtbot, line, "")
    assert form.params().limit_px is None
    type_in(qtbot, line, "0.25")
    assert form.params().limit_px == 0.25
    form.set_params(Example())
    assert line.text() == ""
    assert form.params() == Example()


def test_arrows_change_the_second_digit_and_stop_at_limits(qtbot):
    form = a_form(qtbot, Example)
    rate, count = editor(form, "rate").box, editor(form, "count").box
    rate.stepBy(1)
    assert form.params().rate == 1.1e-4
    rate.stepBy(-2)
    assert form.params().rate == 9e-5
    count.stepBy(-10)
    assert form.params().count == 0
    rate.set_value(0.99)
    rate.stepBy(5)
    assert form.params().rate == 1


def test_an_invalid_value_is_marked_where_it_is_until_it_is_mended(qtbot):
    form = a_form(qtbot, Example)
    validity = []
    form.validity_changed.connect(validity.append)
    rate = editor(form, "rate")
    type_in(qtbot, rate.box.lineEdit(), "7")
    assert rate.reason == "Input should be less than or equal to 1."
    assert marked(form) == [rate.reason]
    assert rate.reason in [shown_label.text() for shown_label in rate.findChildren(QLabel)]
    assert "rate = 7.0: Input should be less than or equal to 1" in form.problem
    with pytest.raises(UserError, match="rate = 7"):
        form.params()
    type_in(qtbot, rate.box.lineEdit(), "0.5")
    assert form.problem is None
    assert marked(form) == []
    assert validity == [False, True]


def test_text_in_place_of_a_number_is_marked(qtbot):
    form = a_form(qtbot, Example)
    for field in ("count", "rate", "angle_deg"):
        type_in(qtbot, editor(form, field).box.lineEdit(), "many")
        assert "number" in editor(form, field).reason or "integer" in editor(form, field).reason
    assert len(marked(form)) == 3


def test_the_frame_is_painted(qtbot):
    form = a_form(qtbot, Example)
    form.show()
    rate = editor(form, "rate")
    before = rate.grab().toImage().pixelColor(rate.width() // 2, 0)
    rate.box.set_value(7)
    QApplication.processEvents()
    after = rate.grab().toImage().pixelColor(rate.width() // 2, 0)
    assert after.red() - after.green() > before.red() - before.green() + 50


def test_fields_that_contradict_each_other_are_marked_at_their_section(qtbot):
    form = a_form(qtbot, Example)
    low = editor(form, "range", "low_nm")
    type_in(qtbot, low.box.lineEdit(), "5")
    section = editor(form, "range")
    assert section.body.content.reason == "Low_nm is above high_nm."
    assert low.reason == ""
    assert len(marked(form)) == 1
    type_in(qtbot, low.box.lineEdit(), "0.5")
    assert marked(form) == []


def test_what_contradicts_across_the_whole_form_is_told_at_its_top(qtbot):
    form = a_form(qtbot, Example(rate=0.9))
    type_in(qtbot, editor(form, "count").box.lineEdit(), "11")
    assert form._fields.reason == "So many need a lower rate."
    assert form.problem.startswith("so many need a lower rate.")


def test_setting_parameters_tells_once(qtbot):
    form = a_form(qtbot, CutPaste)
    told = []
    form.changed.connect(lambda: told.append(None))
    other = CutPaste(scale=Normal(mean=1, sd=0.1, low=0.5, high=2), canvas=Texture(patch_px=9), height_px=99)
    form.set_params(other)
    assert len(told) == 1
    assert form.params() == other


def test_a_change_is_told_when_invalid_too(qtbot):
    form = a_form(qtbot, Example)
    told = []
    form.changed.connect(lambda: told.append(form.problem))
    editor(form, "count").box.set_value(-5)
    assert len(told) == 1
    assert "count = -5" in told[0]


def test_choices(qtbot):
    form = a_form(qtbot, Example)
    chooser = editor(form, "mode").widget.native
    assert [chooser.itemText(i) for i in range(chooser.count())] == ["fast", "very slow"]
    chooser.setCurrentIndex(1)
    maybe = editor(form, "maybe_mode").widget.native
    assert maybe.currentText() == "not set"
    maybe.setCurrentIndex(2)
    assert (form.params().mode, form.params().maybe_mode) == ("very_slow", "b")


def test_a_path_and_lists_of_numbers(qtbot, tmp_path):
    form = a_form(qtbot, Example)
    file = tmp_path / "a b.txt"
    editor(form, "source").line.setText(str(file))
    assert "does not point to a file" in editor(form, "source").reason
    file.write_text("")
    editor(form, "source").line.setText(str(file) + " ")
    editor(form, "source").line.setText(str(file))
    type_in(qtbot, editor(form, "numbers").line, "1e-12; 3 4,5")
    editor(form, "size").boxes[1].set_value(7)
    params = form.params()
    assert (params.source, params.numbers, params.size) == (Path(file), (1e-12, 3.0, 4.0, 5.0), (2, 7))
    type_in(qtbot, editor(form, "numbers").line, "1, -2")
    assert editor(form, "numbers").reason == "Item 2: Input should be greater than 0."


def test_optional_parameters_are_switched_on_and_off(qtbot):
    form = a_form(qtbot, Example)
    maybe = editor(form, "maybe_range")
    maybe.box.setChecked(True)
    assert form.params().maybe_range == Range()
    maybe.editor.editors["low_nm"].box.set_value(0.5)
    maybe.box.setChecked(False)
    assert form.params().maybe_range is None
    maybe.box.setChecked(True)
    assert form.params().maybe_range == Range(low_nm=0.5)


def test_a_union_shows_the_fields_of_the_chosen_kind(qtbot):
    form = a_form(qtbot, CutPaste)
    canvas = editor(form, "canvas")
    assert canvas.body is None
    choose(canvas, "texture")
    canvas.body.content.editors["patch_px"].box.set_value(17)
    assert form.params().canvas == Texture(patch_px=17)
    choose(canvas, "auto")
    assert form.params().canvas == Auto()
    choose(canvas, "texture")
    assert form.params().canvas == Texture(patch_px=17)
    canvas.body.content.editors["patch_px"].box.set_value(0)
    assert canvas.body.content.editors["patch_px"].reason == "Input should be greater than or equal to 3."


def test_a_field_of_a_draw_is_marked_itself(qtbot):
    form = a_form(qtbot, Example(angle_deg=Normal(mean=5, sd=1, low=0, high=10)))
    angle = editor(form, "angle_deg")
    sd = angle.body.content.editors["sd"]
    sd.box.set_value(-1)
    assert sd.reason == "Input should be greater than or equal to 0."
    assert marked(form) == [sd.reason]
    sd.box.set_value(1)
    angle.body.content.editors["high"].box.set_value(400)
    assert angle.reason == "It reaches from 0 to 400; the allowed range is 0 to 360."
    angle.body.content.editors["high"].box.set_value(300)
    assert form.problem is None


@pytest.mark.parametrize("field", ["particles", "overlap", "scale", "angle_deg", "grey_gain", "noise", "lettering"])
def test_going_over_to_another_kind_of_draw_stays_within_the_limits(qtbot, field):
    form = a_form(qtbot, CutPaste)
    draw = editor(form, field)
    for words, kind in [
        ("choice", Choice),
        ("normal", Normal),
        ("mixture", Mixture),
        ("empirical", Empirical),
        ("fixed", float),
        ("uniform", Uniform),
    ]:
        choose(draw, words)
        assert form.problem is None
        assert isinstance(getattr(form.params(), field), kind)


def test_another_kind_of_draw_lies_where_the_first_did(qtbot):
    form = a_form(qtbot, Population(diameter_px=LogUniform(low=20, high=80)))
    diameter = editor(form, "diameter_px")
    choose(diameter, "uniform")
    assert form.params().diameter_px == Uniform(low=20, high=80)
    choose(diameter, "normal")
    assert 30 < form.params().diameter_px.mean < 60
    choose(diameter, "fixed")
    assert 30 < form.params().diameter_px < 60


def test_no_draw_at_all_is_a_choice_where_none_is_allowed(qtbot):
    form = a_form(qtbot, Example(share=0.5))
    share = editor(form, "share")
    choose(share, "not set")
    assert form.params().share is None
    choose(share, "fixed")
    assert form.params().share == 0.5
    assert editor(form, "angle_deg").chooser.findText("not set") == -1


def test_parts_of_a_mixture_come_with_their_weights(qtbot):
    mixture = Mixture(parts=(Uniform(), Choice(values=(0.5,))), weights=(0.3, 0.7))
    form = a_form(qtbot, Example(share=mixture))
    rows = editor(form, "share").body.content.rows
    rows.add.click()
    assert len(form.params().share.parts) == len(form.params().share.weights) == 3
    rows.remove(rows.rows[0])
    rows.rows[0].editor.weight.box.set_value(-2)
    assert rows.rows[0].editor.reason == "Weight: Input should be greater than 0."
    assert len(marked(form)) == 1
    rows.rows[0].editor.weight.box.set_value(2)
    choose(rows.rows[1].editor.part, "choice")
    assert form.params().share.weights == (2.0, 1.0)
    assert isinstance(form.params().share.parts[1], Choice)


def test_a_list_of_kinds_can_be_edited(qtbot):
    form = a_form(qtbot, Population(outlines=(Rod(),)))
    outlines = editor(form, "outlines")
    assert outlines.fold.text() == "Outlines (1)"
    outlines.fold.setChecked(True)
    rows = outlines.body.content
    rows.add.click()
    choose(rows.rows[1].editor, "lumpy")
    assert [outline.kind for outline in form.params().outlines] == ["rod", "lumpy"]
    assert outlines.fold.text() == "Outlines (2)"
    rows.remove(rows.rows[0])
    assert [outline.kind for outline in form.params().outlines] == ["lumpy"]
    rows.remove(rows.rows[0])
    assert "at least 1 item" in rows.reason
    rows.add.click()
    assert form.problem is None


def test_large_sections_are_folded_until_they_are_opened(qtbot):
    shapes, cutpaste = a_form(qtbot, Shapes), a_form(qtbot, CutPaste)
    assert editor(shapes, "height_px")
    assert shapes._fields.editors["first"].body.content is None
    assert cutpaste._fields.editors["cutouts"].body.content is not None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("diameter_px", "Diameter [px]"),
        ("angle_deg", "Angle [°]"),
        ("x_nm", "X [nm]"),
        ("tilt_mrad", "Tilt [mrad]"),
        ("gsd", "GSD"),
        ("minutes", "Minutes"),
        ("s", "S"),
        ("cut_by_border", "Cut by border"),
    ],
)
def test_labels_are_words_with_units(name, text):
    assert label(name) == text


def test_titles_of_fields_and_kinds_go_before_their_names(qtbot):
    form = a_form(qtbot, Rules)
    border = editor(form, "border")
    texts = [border.chooser.itemText(i) for i in range(border.chooser.count())]
    assert border.label.text() == "Particles at the edge"
    assert border.chooser.currentText() == "compensate (recommended)" and "leave out" in texts
    assert "Miles-Lantuéjoul" in border.chooser.itemData(border.chooser.currentIndex(), Qt.ItemDataRole.ToolTipRole)
    assert "Burnt-in bars" in [name.text() for name in form.findChildren(QLabel)]


def test_a_tool_tip_says_what_how_far_and_when_it_is_drawn(qtbot):
    form = a_form(qtbot, Example)
    assert editor(form, "count").toolTip() == "<p>How &lt;many&gt;.</p><p>Allowed: 0 to 2000000.</p>"
    assert "Drawn separately for every particle." in editor(form, "angle_deg").toolTip()
    assert "Drawn once per image." in editor(form, "share").toolTip()
    population = a_form(qtbot, Population)
    assert any(isinstance(mark, OneOf) for mark in Population.model_fields["outlines"].metadata)
    assert "One of them is chosen for each image." in editor(population, "outlines").toolTip()


def test_the_wheel_scrolls_and_changes_nothing(qtbot):
    form = a_form(qtbot, Example)
    form.show()
    for widget in (editor(form, "count").box, editor(form, "angle_deg").chooser, editor(form, "mode").widget.native):
        middle = QPointF(widget.rect().center())
        buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        wheel = QWheelEvent(
            middle, middle, QPoint(0, 0), QPoint(0, -120), buttons, keys, Qt.ScrollPhase.NoScrollPhase, False
        )
        assert wheel.type() == QEvent.Type.Wheel
        widget.clearFocus()
        QApplication.sendEvent(widget, wheel)
    assert form.params() == Example()


@pytest.mark.parametrize(
    "distribution",
    [
        Uniform(),
        LogUniform(low=1e-9, high=1e9),
        Normal(mean=3, sd=1),
        LogNormal(median=5, gsd=2),
        Choice(values=(0, 0, 1)),
        Choice(values=(7.0,)),
        Empirical(values=(1, 2, 2, 3)),
        Mixture(parts=(Choice(values=(0,)), Uniform(low=1, high=2)), weights=(0.6, 0.4)),
    ],
    ids=lambda distribution: repr(distribution)[:30],
)
def test_the_curve_is_drawn(qtbot, distribution):
    curve = Curve(lambda: distribution)
    qtbot.addWidget(curve)
    curve.resize(100, 30)
    image = curve.grab().toImage()
    blue = sum(image.pixelColor(x, y).blue() - image.pixelColor(x, y).red() > 60 for x in range(100) for y in range(30))
    assert blue > 20
    assert "Median" in curve.toolTip()


def test_a_density_is_that_of_the_distribution():
    found = density(Mixture(parts=(Choice(values=(0,)), Uniform(low=1, high=2)), weights=(0.25, 0.75)))
    np.testing.assert_allclose(found.atoms, [[0, 1 / 3]], atol=0.02)
    middles = np.linspace(found.low, found.high, len(found.heights) + 1)
    assert found.heights[middles[1:] < 0.9].max() == 0
    assert found.heights[middles[:-1] > 1.1].min() > 0.8
    normal = density(Normal(mean=3, sd=1))
    assert abs(normal.heights.argmax() - len(normal.heights) / 2) < 5


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.tuples(finite, finite).map(sorted))
def test_a_density_of_any_range_is_finite_or_none(ends):
    for distribution in (Uniform(low=ends[0], high=ends[1]), Choice(values=tuple(ends)), Empirical(values=tuple(ends))):
        found = density(distribution)
        assert found is None or (np.isfinite(found.heights).all() and 0 <= found.heights.max() <= 1)


def test_a_form_can_be_painted_and_leaves_no_widget(qtbot):
    QApplication.processEvents()
    before = set(QApplication.allWidgets())
    form = ParamsForm(CutPaste)
    form.show()
    for fold in form.findChildren(Fold):
        fold.setChecked(True)
    for found in form.findChildren(KindEditor):
        choose(found, found.chooser.itemText(found.chooser.count() - 1))
    assert not form.grab().isNull()
    form.set_params(CutPaste())
    form.close()
    form.deleteLater()
    del form, fold, found
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
    assert set(QApplication.allWidgets()) - before == set()


def test_a_form_offers_the_columns():
    assert Spec.of_field(fields(Rules)["size"]).choices == ("ecd", "feret_max", "feret_min", "feret_mean", "ved")
    assert set(Spec.of_field(fields(Limit)["quantity"]).choices) == set(PROPERTIES.names())
