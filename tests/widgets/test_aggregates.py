"""The aggregates panel: what is grown, how it is shown, what is estimated from, and shadows."""

import json
import threading

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

from particleforge.errors import UserError
from particleforge.models.estimator.kind import EstimatorKind
from particleforge.params import Params
from particleforge.recipes.aggregate.descriptors import contact_pairs
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.any import read_recipe
from particleforge.recipes.fields import value_of
from particleforge.recipes.recipe import make_sample
from particleforge.store.micrographs import read_micrograph
from particleforge.widgets.aggregates.grow_section import GrowSection
from particleforge.widgets.aggregates.grown import SEED, grow_one
from particleforge.widgets.aggregates.images import NO_IMAGE, NONE_SELECTED, SELECTED, Images, write_task
from particleforge.widgets.aggregates.panel import NO_ESTIMATOR, AggregatesPanel
from particleforge.widgets.aggregates.rows import aggregate_rows, estimate_rows
from particleforge.widgets.aggregates.shadow_view import RECIPE, ShadowView
from particleforge.widgets.aggregates.shadows import grown_descriptors, read_descriptors, read_recipe_of
from particleforge.widgets.aggregates.shown import IMAGE, SPHERES, ShownAggregate, colour_of
from particleforge.widgets.aggregates.sliders import Sliders
from particleforge.widgets.layers import pixel_size_nm
from particleforge.widgets.model_chooser import ModelChooser, built_in, own_models
from particleforge.widgets.synthesize.sampler import Sampler
from particleforge.workflows.estimate import estimate

LIMIT_MS = 240_000
leaves_nothing = pytest.mark.usefixtures("nothing_left")


def small(**growth):
    recipe = read_recipe("hetero").replace(height_px=64, width_px=96, pixel_size_nm=3)
    return recipe.replace(growth=recipe.growth.replace(particles=20, **growth))


def grown(recipe=None, index=0):
    return grow_one(Sampler(), recipe or small(), index, lambda: False)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    return tmp_path / "ParticleForge"


def write_shadow(folder, recipe, count=30):
    folder.mkdir(parents=True)
    table = grown_descriptors(recipe, lambda: False).iloc[:count]
    table.to_csv(folder / "shadow.csv", index=False)
    (folder / "shadow.json").write_text(json.dumps({"recipe": recipe.model_dump(mode="json")}))
    return table


def test_an_aggregate_is_the_one_of_a_dataset_and_materials_keep_their_order():
    one, sample = grown(index=3), make_sample(small(), None, SEED, 3)
    np.testing.assert_array_equal(one.sample.micrograph.pixels, sample.micrograph.pixels)
    assert one.materials == ("WO3", "TiO2")
    names = np.array(one.materials)[one.spheres.materials]
    assert names.tolist() == sample.truth["material"].tolist()
    found = one.descriptors
    assert found["share_TiO2"] == pytest.approx((names == "TiO2").mean())
    assert found["fractal_dimension"] == pytest.approx(value_of(sample.recipe, "growth.fractal_dimension"), abs=0.01)
    assert len(contact_pairs(one.spheres)) >= 19  # what lies in the frame of the image still touches
    rows = {row.name: row for row in aggregate_rows(one)}
    assert rows["Particles"].figure == "20" and rows["WO3"].colour == colour_of(0)
    assert rows["TiO2"].figure.startswith(f"{100 * found['share_TiO2']:.0f} %")


def test_a_single_particle_has_no_fractal_dimension_and_one_material_no_others():
    recipe = read_recipe("chains")
    one = grown(recipe.replace(growth=recipe.growth.replace(particles=1)))
    rows = {row.name: row.figure for row in aggregate_rows(one)}
    assert rows["Fractal dimension"] == "none" and "Hetero-coordination" not in rows
    assert rows["iron oxide"] == "100 %"


@pytest.mark.parametrize("solid", [True, False])
def test_spheres_lie_beside_their_image_at_its_scale(solid):
    viewer, one = ViewerModel(), grown()
    ShownAggregate(viewer).show(one, solid)
    spheres, image = viewer.layers
    assert (spheres.name, image.name) == (SPHERES, IMAGE) and viewer.dims.ndisplay == (3 if solid else 2)
    assert spheres.ndim == (3 if solid else 2) and {str(unit) for unit in spheres.units} == {"nanometer"}
    assert spheres.shading == "spherical" and pixel_size_nm(image) == (3, 3)
    np.testing.assert_allclose(np.sort(spheres.size), np.sort(one.sample.truth["diameter_nm"]))
    order = spheres.features["label"].to_numpy(int) - 1
    truth = one.sample.truth.iloc[order]
    places = spheres.data * spheres.scale + spheres.translate
    np.testing.assert_allclose(places[:, -2], truth["y_nm"])
    right = (places[:, -1] + spheres.size / 2).max()
    assert image.extent.world[0, 1] > right and (places[:, -1] - spheres.size / 2).min() == pytest.approx(0)
    assert (np.diff(truth["z_nm"]) >= 0).all()
    if solid:
        np.testing.assert_allclose(places[:, 0], truth["z_nm"])
    colours = {tuple(colour) for colour in spheres.face_color[(truth["material"] == "WO3").to_numpy()]}
    assert len(colours) == 1 and colours < {tuple(colour) for colour in spheres.face_color}


def test_another_aggregate_goes_into_the_same_layers():
    viewer = ViewerModel()
    shown = ShownAggregate(viewer)
    for solid in (True, False, True):
        shown.show(grown(), solid)
        assert len(viewer.layers) == 2 and shown.there
    spheres, image = viewer.layers[SPHERES], viewer.layers[IMAGE]
    viewer.layers.selection = {spheres}
    spheres.opacity = 0.5
    for count in (35, 7):
        recipe = small()
        one = grown(recipe.replace(growth=recipe.growth.replace(particles=count)))
        shown.show(one, True)
        assert viewer.layers[SPHERES] is spheres and viewer.layers[IMAGE] is image
        assert len(spheres.data) == len(spheres.size) == len(spheres.face_color) == len(spheres.features) == count
        np.testing.assert_array_equal(image.data, one.sample.micrograph.pixels)
    assert set(viewer.layers.selection) == {spheres} and spheres.opacity == 0.5
    viewer.layers.remove(image)
    assert not shown.there


@pytest.mark.parametrize("units", [("nm", "nm"), ("um", "um"), ("pixel", "pixel")])
def test_it_lies_to_the_right_of_other_images_in_their_units(units):
    viewer = ViewerModel()
    real = viewer.add_image(np.zeros((4, 40, 30)), scale=(1, 2, 2), units=("pixel", *units))
    viewer.add_points([[0, 0]])
    one = grown()
    ShownAggregate(viewer).show(one, True)
    spheres, image = viewer.layers[SPHERES], viewer.layers[IMAGE]
    assert spheres.units[1:] == image.units == real.units[1:]
    assert spheres.units[0] == real.units[0]  # others would make napari ignore all units
    places = spheres.data * spheres.scale + spheres.translate
    assert (places[:, 2] - spheres.size * spheres.scale[2] / 2).min() > real.extent.world[1, 2]
    np.testing.assert_allclose(image.scale / 3, spheres.scale[1:])


@leaves_nothing
def test_a_slider_puts_its_number_into_the_recipe_and_the_last_answer_is_shown(qtbot, home):
    viewer = ViewerModel()
    section = GrowSection(viewer)
    qtbot.addWidget(section)
    assert not section.next.isEnabled() and not viewer.layers
    with qtbot.waitSignal(section.grown, timeout=LIMIT_MS):
        section.set_params(small(), "mine")
    sliders = section.sliders.by_name
    fixed = viewer.layers[IMAGE].metadata["particleforge"]
    assert sliders["growth.particles"].number.text() == "20"
    share = value_of(fixed, "materials.1.share")
    assert sliders["materials.1.share"].number.text() == f"{share:.2f}"
    for value in (90, 65):
        sliders["growth.fractal_dimension"].setValue(value)
    assert section.params() == small(fractal_dimension=1.65)
    qtbot.waitUntil(lambda: "1.65" in section.figures.rows[1].figure, timeout=LIMIT_MS)
    assert value_of(viewer.layers[SPHERES].metadata["particleforge"], "growth.fractal_dimension") == 1.65
    before = viewer.layers[SPHERES].data
    with qtbot.waitSignal(section.grown, timeout=LIMIT_MS):
        section.next.click()
    assert not np.array_equal(viewer.layers[SPHERES].data, before)
    section.solid.setChecked(False)
    assert viewer.layers[SPHERES].ndim == 2 and viewer.dims.ndisplay == 2
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: viewer.layers[SPHERES].ndim == 3, timeout=LIMIT_MS)
    assert section.solid.isChecked() and viewer.dims.ndisplay == 3
    section.end()


@leaves_nothing
def test_what_cannot_be_grown_is_told_and_the_last_aggregate_stays(qtbot, home):
    viewer = ViewerModel()
    section = GrowSection(viewer)
    qtbot.addWidget(section)
    with qtbot.waitSignal(section.grown, timeout=LIMIT_MS):
        section.set_params(small(fractal_dimension=1.8), "mine")
    before = viewer.layers[SPHERES].data
    section.sliders.by_name["growth.fractal_dimension"].setValue(0)
    qtbot.waitUntil(lambda: "D_f from about" in section.message.text(), timeout=LIMIT_MS)
    assert viewer.layers[SPHERES].data is before
    with qtbot.waitSignal(section.grown, timeout=LIMIT_MS):
        section.sliders.by_name["growth.fractal_dimension"].setValue(80)
    assert section.message.text() == ""
    section.end()


def test_sliders_are_those_of_the_recipe(qtbot):
    sliders = Sliders()
    qtbot.addWidget(sliders)
    moved = []
    sliders.moved.connect(lambda *what: moved.append(what))
    sliders.set_recipe(small())
    assert {"materials.0.cluster_size", "materials.1.share"} < set(sliders.by_name)
    assert "materials.0.share" not in sliders.by_name  # what the other leaves
    sliders.set_recipe(small().replace(growth=small().growth.replace(particles=4000)))
    assert sliders.by_name["growth.particles"].number.text() == "4000" and not moved
    sliders.set_recipe(read_recipe("chains"))
    assert list(sliders.by_name) == ["growth.particles", "growth.fractal_dimension", "growth.overlap"]
    sliders.by_name["growth.overlap"].setValue(7)
    assert moved == [("growth.overlap", 0.07)]


def test_images_are_layers_planes_of_a_stack_or_what_is_selected(tmp_path):
    viewer = ViewerModel()
    images = Images(viewer)
    assert images.problem == NO_IMAGE
    rng = np.random.default_rng(0)
    options = {"scale": (0.002, 0.002), "units": ("um", "um")}
    one = viewer.add_image(rng.random((8, 9), np.float32), name="a/b", **options)
    images.chooser.reset_choices()
    assert images.layers == [one] and images.problem is None
    stack = viewer.add_image(
        rng.random((3, 8, 9), np.float32), name="stack", scale=(1, 2, 2), units=("pixel", "nm", "nm")
    )
    bare = viewer.add_image(np.zeros((8, 9)), name="bare")
    images.chooser.reset_choices()
    images.chooser.value = SELECTED
    viewer.layers.selection = {one, stack}
    assert images.layers == [one, stack] and images.problem is None
    task = write_task(estimate, ("model", tmp_path / "out"), images.planes(), tmp_path, Params())
    files = sorted((tmp_path / "images").iterdir())
    assert task.args["images"] == str(tmp_path / "images") and len(files) == 4
    for path, pixels in zip(files, [one.data, *stack.data], strict=True):
        written = read_micrograph(path)
        np.testing.assert_array_equal(written.pixels, pixels)
        assert written.pixel_size_nm == pytest.approx((2, 2))
    viewer.layers.selection = {bare}
    assert "bare has no pixel size" in images.problem
    viewer.layers.selection = set()
    assert images.problem == NONE_SELECTED


def test_estimates_are_written_with_their_standard_error():
    rows = estimate_rows(
        [
            {"parameter": "growth.fractal_dimension", "value": 1.84321, "standard_error": 0.000234, "spread": 0.1},
            {"parameter": "materials.TiO2.share", "value": 0.5, "standard_error": None, "spread": None},
        ]
    )
    assert [(row.name, row.figure) for row in rows] == [
        ("growth.fractal_dimension", "1.84 ± 0.00023"),
        ("materials.TiO2.share", "0.5"),
    ]


@leaves_nothing
def test_a_shadow_is_shown_against_the_recipe_or_another_one(qtbot, home):
    chosen = [small(fractal_dimension=1.8)]
    view = ShadowView(lambda: chosen[0])
    qtbot.addWidget(view)
    view.failed.connect(pytest.fail)
    assert view.isHidden()
    one = write_shadow(home / "results" / "one", small(fractal_dimension=2.2))
    view.show_shadow(home / "results" / "one")
    assert not view.isHidden()
    qtbot.waitUntil(lambda: list(view.plot.tables) == ["one", RECIPE], timeout=LIMIT_MS)
    pd.testing.assert_frame_equal(view.plot.tables["one"], read_descriptors(home / "results" / "one"))
    np.testing.assert_allclose(view.plot.tables["one"]["coordination"], one["coordination"])
    wider = view.plot.tables[RECIPE]["gyration_over_mean_radius"].mean()
    assert wider > one["gyration_over_mean_radius"].mean()
    chosen[0] = read_recipe("chains")
    view.follow()
    qtbot.waitUntil(lambda: "share_iron oxide" in view.plot.tables[RECIPE], timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: view.plot.canvas is not None, timeout=LIMIT_MS)
    titles = [axes.get_title(loc="left") for axes in view.plot.canvas.figure.axes]
    assert "share TiO2" in titles and "R_g (nm)" in titles and "share iron oxide" not in titles

    write_shadow(home / "results" / "two", small(fractal_dimension=1.6))
    view.refresh()
    assert view.shadow.currentText() == "one"
    view.against.setCurrentText("two")
    qtbot.waitUntil(lambda: list(view.plot.tables) == ["one", "two"], timeout=LIMIT_MS)
    with qtbot.waitSignal(view.requested) as asked:
        view.use.click()
    assert asked.args == [small(fractal_dimension=2.2), "one"]
    view.stop()


def test_a_broken_shadow_is_told(tmp_path):
    (tmp_path / "shadow.csv").write_text("")
    (tmp_path / "shadow.json").write_text("{}")
    for read in (read_descriptors, read_recipe_of):
        with pytest.raises(UserError, match="cannot be read"):
            read(tmp_path)


@pytest.fixture
def no_built_in(monkeypatch):
    monkeypatch.setattr(EstimatorKind, "bundled", {})


def test_built_in_and_own_estimators_are_offered(home):
    (home / "models" / "mine").mkdir(parents=True)
    (home / "models" / "mine" / "estimator.yaml").write_text("")
    assert own_models(home / "models", "estimator") == [("mine", str(home / "models" / "mine"))]
    assert own_models(home / "models", "detector") == []
    assert built_in("estimator") == [("Built-in: hetero (Estimator)", "hetero")]


@pytest.mark.usefixtures("no_built_in")
def test_a_browsed_estimator_is_told_even_if_it_is_the_only_one(qtbot, home, tmp_path):
    chooser = ModelChooser("estimator")
    qtbot.addWidget(chooser)
    assert chooser.value() == ""
    with qtbot.waitSignal(chooser.changed):
        chooser.set_value(tmp_path)
    assert chooser.value() == str(tmp_path)


@leaves_nothing
@pytest.mark.usefixtures("no_built_in")
def test_the_panel_says_what_is_missing_and_hands_over_images(qtbot, home, tmp_path):
    viewer = ViewerModel()
    panel = AggregatesPanel(viewer)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.row.missing.text() == NO_ESTIMATOR and not panel.shadow.isEnabled()
    (home / "models" / "mine").mkdir(parents=True)
    (home / "models" / "mine" / "estimator.yaml").write_text("")
    panel.reset_choices()
    assert panel.model.value() == str(home / "models" / "mine") and panel.row.missing.text() == NO_IMAGE
    viewer.add_image(np.zeros((8, 9), np.float32), name="stem", scale=(2, 2), units="nm")
    panel.reset_choices()
    assert panel.shadow.isEnabled() and panel.row.button.isEnabled()
    panel.name.setText(" ")
    assert not panel.shadow.isEnabled() and panel.row.button.isEnabled()
    task = panel.prepare()()
    assert (
        task.call == estimate.reference and task.args["model"] == panel.model.value() and not any(task.params.values())
    )
    panel.name.setText("mine")
    go_on, scratch = threading.Event(), panel._scratch
    panel.row.start(lambda: go_on.wait() and task)
    panel.shadow.click()
    assert panel._scratch is scratch and scratch.path.is_dir()  # those of what is running
    panel.row.cancel()
    go_on.set()
    panel.end()


@leaves_nothing
def test_shadows_of_before_are_there_when_the_panel_opens(qtbot, home):
    write_shadow(home / "results" / "mine", small())
    panel = AggregatesPanel(ViewerModel())
    qtbot.addWidget(panel)
    assert not [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, ShadowView)]
    panel.show()
    assert panel.view.isVisible() and panel.view.shadow.currentText() == "mine"
    qtbot.waitUntil(lambda: list(panel.view.plot.tables) == ["mine"], timeout=LIMIT_MS)
    panel.growth.set_params(small(), "small")
    qtbot.waitUntil(lambda: list(panel.view.plot.tables) == ["mine", RECIPE], timeout=LIMIT_MS)
    panel.end()


def test_the_first_ready_recipe_is_the_default():
    assert read_recipe("hetero") == Aggregate()
