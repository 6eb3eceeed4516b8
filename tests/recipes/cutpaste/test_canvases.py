import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.cutpaste.canvases.auto import Auto
from particleforge.recipes.cutpaste.canvases.flat import Flat
from particleforge.recipes.cutpaste.canvases.inpainted import Inpainted
from particleforge.recipes.cutpaste.canvases.texture import Texture
from particleforge.sample import Sample

ROWS, COLUMNS = np.indices((90, 110))
LABELLED = np.hypot(ROWS - 30, COLUMNS - 30) <= 10
UNLABELLED = np.hypot(ROWS - 60, COLUMNS - 80) <= 10
STROKES = (np.abs(ROWS - 60) <= 12) & (COLUMNS < 55) | (np.abs(ROWS - 15) <= 9) & (COLUMNS > 55)


def sample(partly, name="one"):
    grey = np.random.default_rng(0).normal(100, 4, ROWS.shape)
    grey[LABELLED | UNLABELLED] = 240
    labels = (LABELLED if partly else LABELLED | 2 * UNLABELLED).astype(np.uint32)
    return Sample(Micrograph(grey.astype(np.float32), name=name), labels, LABELLED | STROKES if partly else None)


def drawn(canvas, samples, count=30, shape=(90, 110)):
    maker, rng = canvas.prepare(samples), np.random.default_rng(5)
    return [maker.draw(shape, rng) for _ in range(count)]


@pytest.mark.parametrize("canvas", [Auto(), Texture(), Flat()])
def test_an_unlabelled_particle_never_shows(canvas):
    for image in drawn(canvas, [sample(partly=True)]):
        assert image.max() < 150
        assert image.mean() == pytest.approx(100, abs=2)


@pytest.mark.parametrize("canvas", [Auto(), Texture(), Flat(), Inpainted()])
def test_a_labelled_particle_never_shows(canvas):
    for image in drawn(canvas, [sample(partly=False)]):
        assert image.max() < 150


def test_auto_takes_inpainted_canvases_from_fully_annotated_images_only():
    full, partly = sample(partly=False, name="full"), sample(partly=True, name="partly")
    for image in drawn(Auto(), [partly, full], 40):
        assert image.max() < 150
    kinds = {float(np.abs(image[0, 0])) for image in drawn(Auto(), [full], 20)}
    assert len(kinds) > 5


def test_inpainted_canvases_need_a_fully_annotated_image():
    with pytest.raises(UserError, match="all of these are partly annotated"):
        Inpainted().prepare([sample(partly=True)])
    assert len(drawn(Inpainted(), [sample(partly=True), sample(partly=False)])) == 30


def test_inpainted_canvases_are_the_image_turned_and_flipped():
    source = sample(partly=False)
    far = ~np.isin(np.arange(110), range(12, 100))
    seen = set()
    for image in drawn(Inpainted(), [source], 60, (90, 90)):
        seen.add(image.tobytes())
        assert image.shape == (90, 90)
    assert len(seen) > 8
    whole = Inpainted().prepare([source]).canvases[0]
    np.testing.assert_array_equal(whole[:, far], source.micrograph.grey[:, far])


@pytest.mark.parametrize("canvas", [Auto(), Texture(), Flat(), Inpainted()])
@pytest.mark.parametrize("shape", [(16, 16), (200, 50), (300, 400)])
def test_canvases_have_any_shape(canvas, shape):
    for image in drawn(canvas, [sample(partly=False)], 8, shape):
        assert image.shape == shape
        assert image.dtype == np.float32
        assert image.flags.c_contiguous


def test_drawing_on_a_canvas_leaves_the_next_one_alone():
    for canvas in (Auto(), Texture(), Flat(), Inpainted()):
        maker, rng = canvas.prepare([sample(partly=False)]), np.random.default_rng(0)
        for _ in range(20):
            image = maker.draw((90, 110), rng)
            assert image.max() < 150
            image[:] = 1000


def test_without_background_there_is_no_canvas():
    everything = Sample(Micrograph(np.zeros((20, 20), np.uint8), name="full"), np.ones((20, 20), np.uint32))
    for canvas in (Auto(), Texture(), Flat(), Inpainted()):
        with pytest.raises(UserError, match="background"):
            canvas.prepare([everything])


def test_the_rim_is_painted_over_too():
    source = sample(partly=False)
    halo = np.hypot(ROWS - 30, COLUMNS - 30) <= 13
    grey = np.where(halo, 240, source.micrograph.grey).astype(np.float32)
    haloed = Sample(Micrograph(grey, name="halo"), source.labels)
    assert max(image.max() for image in drawn(Inpainted(rim_px=4), [haloed])) < 150
    assert max(image.max() for image in drawn(Inpainted(rim_px=0), [haloed])) > 150
