"""The synthesize panel: recipes, previews, truth, and side by side with a real image."""

import gc

import numpy as np
import psutil
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from PIL import Image as Picture
from qtpy.QtWidgets import QFileDialog

from particleforge.errors import Cancelled, UserError
from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.any import presets, read_recipe
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.neighbourhood.recipe import Neighbourhood
from particleforge.recipes.recipe import Recipe, make_sample
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.widgets.form.section import Fold
from particleforge.widgets.synthesize.compare import Compare
from particleforge.widgets.synthesize.library import open_recipe, ready_recipes, save_recipe
from particleforge.widgets.synthesize.panel import SynthesizePanel
from particleforge.widgets.synthesize.preview import Preview
from particleforge.widgets.synthesize.ready_box import ReadyBox
from particleforge.widgets.synthesize.recipe_section import NOTHING_YET, RecipeSection
from particleforge.widgets.synthesize.sampler import Sampler, made_by
from particleforge.widgets.synthesize.side_by_side import matched, matched_stack, placed, reference
from particleforge.widgets.synthesize.truth import follow_truth, truth_features
from particleforge.workflows.synthesize import synthesize

LIMIT_MS = 120_000
leaves_nothing = pytest.mark.usefixtures("nothing_left")


def small(particles=3):
    return read_recipe("silica_spheres").replace(height_px=96, width_px=96, particles=particles, samples_per_pixel=16)


def chains():
    return read_recipe("chains").replace(height_px=64, width_px=64)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def section(qtbot, home):
    made = RecipeSection(Recipe)
    qtbot.addWidget(made)
    return made


def answer(monkeypatch, kind, path):
    monkeypatch.setattr(QFileDialog, kind, lambda *_: (str(path), ""))


def test_every_ready_recipe_has_a_small_picture_and_a_line():
    found = ready_recipes()
    assert [ready.name for ready in found] == sorted(presets())
    for ready in found:
        with Picture.open(ready.thumbnail) as picture:
            assert picture.size == (128, 128) and np.ptp(np.asarray(picture)) > 100
        assert ready.about
    assert sum(ready.thumbnail.stat().st_size for ready in found) < 300_000


def test_a_ready_recipe_comes_back_from_its_form(section):
    for name in presets():
        section.gallery.choose(name)
        assert section.recipe() == read_recipe(name) and section.problem is None
        assert section.about.text()
    for form in section.forms.values():
        while closed := [fold for fold in form.findChildren(Fold) if not fold.isChecked()]:
            for fold in closed:
                fold.setChecked(True)
    for name in ("gold_rods", "soot", "latex_layer", "chains"):
        section.gallery.choose(name)
        assert repr(section.recipe()) == repr(read_recipe(name))


def test_a_recipe_is_edited_saved_and_opened(section, qtbot, home, monkeypatch):
    assert section.problem == NOTHING_YET and not section.save.isEnabled()
    section.gallery.choose("gold_colloid")
    front = section.form.front
    with qtbot.waitSignal(section.changed):
        front.set_params(front.params().replace(particles=7))
    edited = section.recipe()
    assert edited == read_recipe("gold_colloid").replace(particles=7)
    offered = home / "ParticleForge" / "recipes"
    answer(monkeypatch, "getSaveFileName", offered / "mine")
    with qtbot.waitSignal(section.reported) as said:
        section.save.click()
    assert said.args == ["Saved as mine.yaml."]
    section.gallery.choose("soot")
    answer(monkeypatch, "getOpenFileName", offered / "mine.yaml")
    section.open.click()
    assert section.recipe() == edited and "mine.yaml" in section.about.text()
    assert section.gallery.currentItem() is None
    section.gallery.choose("soot")
    assert section.recipe() == read_recipe("soot")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: render\nparticels: 3", "Did you mean 'particles'?"),
        ("kind: cutpaste", "Use Augment"),
        ("kind: neighbourhood\nrecipe: {kind: warp}", "draws from annotated images (kind: warp)"),
        ("kind: [", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_recipe_for_this_is_refused_in_a_sentence(section, qtbot, tmp_path, monkeypatch, text, said):
    (tmp_path / "odd.yaml").write_text(text)
    section.gallery.choose("soot")
    answer(monkeypatch, "getOpenFileName", tmp_path / "odd.yaml")
    with qtbot.waitSignal(section.failed) as failed:
        section.open.click()
    assert said in str(failed.args[0]) and section.recipe() == read_recipe("soot")


def test_a_section_of_one_kind_offers_and_opens_no_other(qtbot, home, tmp_path, monkeypatch):
    section = RecipeSection(Aggregate, ReadyBox(ready_recipes("aggregate")))
    qtbot.addWidget(section)
    offered = [section.gallery.itemText(i) for i in range(section.gallery.count())]
    assert "soot" in offered and "gold rods" not in offered and section.problem == NOTHING_YET
    section.gallery.choose("hetero")
    assert section.recipe() == Aggregate() and "WO3" in section.about.text()
    section.gallery.choose("soot")
    save_recipe(small(), tmp_path / "spheres.yaml")
    save_recipe(chains(), tmp_path / "mine.yaml")
    answer(monkeypatch, "getOpenFileName", tmp_path / "spheres.yaml")
    with qtbot.waitSignal(section.failed) as failed:
        section.open.click()
    assert "spheres.yaml is a recipe of kind render" in str(failed.args[0])
    assert section.recipe() == read_recipe("soot")
    answer(monkeypatch, "getOpenFileName", tmp_path / "mine.yaml")
    section.open.click()
    assert section.recipe() == chains() and section.gallery.currentIndex() == -1


def test_recipes_go_through_files(tmp_path):
    neighbourhood = Neighbourhood(recipe=small(), around=(small(2),))
    save_recipe(neighbourhood, tmp_path / "near.yaml")
    assert open_recipe(tmp_path / "near.yaml") == neighbourhood
    save_recipe(CutPaste(), tmp_path / "paste.yaml")
    with pytest.raises(UserError):
        open_recipe(tmp_path / "paste.yaml")
    with pytest.raises(UserError):
        save_recipe(neighbourhood, tmp_path / "missing" / "near.yaml")


@leaves_nothing
def test_a_preview_has_the_particles_of_the_dataset_and_keeps_its_renderer():
    sampler, recipe, others = Sampler(), small(), renderers()
    shot = sampler.draw(recipe, 5, 1, lambda: False)
    full = make_sample(recipe, recipe.prepare([]), 5, 1)
    np.testing.assert_array_equal(shot.sample.labels, full.labels)
    assert shot.sample.truth.equals(full.truth) and shot.seconds > 0
    assert (shot.sample.micrograph.pixels != full.micrograph.pixels).any()
    assert (
        recipe.coarse().samples_per_pixel == 4 and recipe.replace(samples_per_pixel=2).coarse().samples_per_pixel == 2
    )
    assert made_by(shot.sample).startswith("Rendered by Mitsuba, ")
    before = renderers() - others
    assert len(before) == 1
    sampler.draw(recipe.replace(particles=4), 5, 1, lambda: False)
    assert renderers() - others == before
    with pytest.raises(Cancelled):
        sampler.draw(recipe, 5, 2, lambda: True)
    with pytest.raises(UserError, match="do not fit"):
        sampler.draw(recipe.replace(particles=500), 5, 1, lambda: False)
    sampler.close()
    gc.collect()
    assert not renderers() - others


def renderers():
    return {
        child.pid for child in psutil.Process().children() if "particleforge.recipes.render" in str(child.cmdline())
    }


def test_aggregates_need_no_renderer():
    shot = Sampler().draw(chains(), 0, 0, lambda: False)
    assert shot.sample.labels.any() and made_by(shot.sample) == ""


@leaves_nothing
def test_only_the_last_preview_is_shown(qtbot):
    viewer, chosen = ViewerModel(), [chains()]
    preview = Preview(viewer, lambda: (chosen[0], 0), Compare(viewer))
    preview.failed.connect(pytest.fail)
    preview.touch()
    assert not preview._timer.isActive()  # nothing is shown yet
    preview.next()
    chosen[0] = chains().replace(height_px=80)
    preview.next()
    qtbot.waitUntil(lambda: "Preview" in viewer.layers, timeout=LIMIT_MS)
    image, labels = viewer.layers["Preview"], viewer.layers["Preview particles"]
    assert image.data.shape == (80, 64) and labels.contour == 2
    sample = make_sample(chosen[0], None, 0, 1)
    np.testing.assert_array_equal(labels.data, sample.labels)
    assert labels.features["diameter_nm"].tolist()[1:] == sample.truth["diameter_nm"].tolist()
    chosen[0] = chains()
    preview.touch()
    qtbot.waitUntil(lambda: viewer.layers["Preview"].data.shape == (64, 64), timeout=LIMIT_MS)
    preview.hide()
    assert not viewer.layers
    preview.end()


def test_truth_has_a_row_for_every_id():
    sample = make_sample(small(), small().prepare([]), 0, 0)
    rows = truth_features(sample.truth.drop(index=1), 3)
    assert rows["label"].tolist() == [0, 1, 2, 3] and "amodal_rle" not in rows
    assert rows["diameter_nm"].isna().tolist() == [True, False, True, False]
    assert len(truth_features(sample.truth, 9)) == 10 and truth_features(None, 9) is None


@leaves_nothing
def test_features_follow_the_slider_as_long_as_the_layer_is_there(tmp_path):
    dataset = draw_dataset(chains(), [], tmp_path / "d.zarr", SynthesizeParams(count=3))
    viewer = ViewerModel()
    labels = viewer.add_labels(np.stack([dataset[i].labels for i in range(3)]))
    follow_truth(viewer, labels, dataset)
    for number in (0, 2, 1):
        viewer.dims.set_current_step(0, number)
        truth = dataset[number].truth
        assert labels.features["diameter_nm"].tolist()[1:] == truth["diameter_nm"].tolist()
    listening = len(viewer.dims.events.current_step.callbacks)
    viewer.layers.remove(labels)
    assert len(viewer.dims.events.current_step.callbacks) < listening


def test_matched_greys_have_the_histogram_of_the_real_image():
    rng = np.random.default_rng(0)
    image, real = rng.integers(0, 256, (64, 64), np.uint8), Image(rng.normal(7, 2, (3, 90, 90)))
    greys = reference(real, (2.0, 0.0, 0.0))
    assert sorted(greys.ravel()) == sorted(real.data[2].astype(np.float32).ravel())
    found = matched(image, greys)
    ranks = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(np.quantile(found, ranks), np.quantile(greys, ranks), atol=0.1)
    assert found.dtype == np.float32 and (np.diff(found.ravel()[np.argsort(image, axis=None)]) >= 0).all()
    stack = matched_stack(np.stack([image, image.T]), greys)
    assert stack.shape == (2, 64, 64) and stack.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(stack[1]), matched(image.T, greys))


@pytest.mark.parametrize("units", [("nm", "nm"), ("um", "um"), ("pixel", "pixel")])
def test_beside_a_real_image_lengths_are_true_where_both_are_known(units):
    real = Image(np.zeros((50, 40)), scale=(0.5, 0.5), units=units, translate=(3, 4))
    options = placed((2.0, 2.0), real, 3)
    layer = Image(np.zeros((2, 30, 30)), **options)
    sides = {"nm": 2.0, "um": 0.002, "pixel": 0.5}
    assert layer.scale.tolist() == [1, *[pytest.approx(sides[units[0]])] * 2] and layer.units[1:] == real.units
    assert layer.extent.world[0, 2] > real.extent.world[1, 1] and layer.extent.world[0, 1] == real.extent.world[0, 0]
    assert placed(None, None, 2)["units"] == ("pixel", "pixel") and placed((2, 2), None, 2)["scale"] == (2, 2)


@leaves_nothing
def test_only_measured_images_can_be_beside(qtbot):
    viewer = ViewerModel()
    real = viewer.add_image(np.random.default_rng(0).random((20, 20)), name="real")
    viewer.add_image(np.zeros((20, 20)), name="made", metadata={"particleforge": {}})
    viewer.add_image(np.full((20, 20), np.nan), name="odd")
    compare = Compare(viewer)
    qtbot.addWidget(compare.box)
    qtbot.addWidget(compare.chooser.native)
    compare.chooser.reset_choices()
    assert [layer and layer.name for layer in compare.chooser.choices] == [None, "real", "odd"]
    assert not compare.box.isEnabled() and compare.real is None
    compare.chooser.value = real
    compare.box.setChecked(True)
    qtbot.waitUntil(lambda: compare.reference is not None, timeout=LIMIT_MS)
    other = viewer.add_image(np.zeros((20, 20)))
    compare.adjust(other)
    assert other.contrast_limits == real.contrast_limits
    with qtbot.waitSignal(compare.failed, timeout=LIMIT_MS) as failed:
        compare.chooser.value = viewer.layers["odd"]
    assert "NaN" in str(failed.args[0]) and compare.reference is None


@leaves_nothing
def test_buttons_say_what_is_missing_until_it_is_there(qtbot, home):
    panel = SynthesizePanel(ViewerModel())
    qtbot.addWidget(panel)
    panel.show()
    assert panel.row.missing.text() == NOTHING_YET and panel.row.missing.isVisible()
    assert not panel.preview.isEnabled() and not panel.row.button.isEnabled()
    panel.recipe.gallery.choose("silica_spheres")
    assert panel.preview.isEnabled() and panel.row.button.isEnabled() and not panel.row.missing.isVisible()
    panel.name.setText(" ")
    assert panel.row.missing.text() == "Enter a name." and panel.preview.isEnabled()
    panel.name.setText("mine")
    task = panel.prepare()()
    assert task.call == synthesize.reference and task.args["out"].endswith("mine.zarr")
    assert task.params["count"] == 20
    panel.end()
