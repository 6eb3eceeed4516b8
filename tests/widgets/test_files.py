"""What napari's File menu opens and saves."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.layers import Labels

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.sample import Sample
from particleforge.schema import Schema
from particleforge.store.annotated import read_annotated, write_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.labels import read_labels
from particleforge.widgets.files import get_reader, write_label_image
from particleforge.widgets.sample_data import rods, spheres

SPHERES = Path(__file__).parents[2] / "src" / "particleforge" / "sample_data" / "spheres"


def opened(path):
    return get_reader(str(path))(str(path))


def test_a_dataset_is_a_stack_with_its_particles(tmp_path):
    recipe = Shapes(height_px=40, width_px=50)
    dataset = draw_dataset(recipe, [], tmp_path / "made.zarr", SynthesizeParams(count=3))
    (images, image, kind), (labels, particles, _) = opened(dataset.path)
    assert (image["name"], kind, particles["name"]) == ("made", "image", "made particles")
    assert images.shape == labels.shape == (3, 40, 50)
    np.testing.assert_array_equal(images[2], dataset[2].micrograph.pixels)
    np.testing.assert_array_equal(labels[1], dataset[1].labels)
    assert image["scale"] == (1, 1, 1) and image["units"] == ("pixel", "pixel", "pixel")


def test_a_dataset_without_labels_is_a_stack_of_images(tmp_path):
    dataset = Dataset.create(tmp_path / "made.zarr", 1, (4, 5), np.uint8, {}, schema=Schema(labels=False))
    dataset.write_shard(0, [Sample.unlabelled(Micrograph(np.full((4, 5), 7, np.uint8)))])
    ((images, image, kind),) = opened(dataset.path)
    assert (image["name"], kind) == ("made", "image")
    assert (np.asarray(images[0]) == 7).all()


def test_an_annotated_folder_is_layers_of_every_image(tmp_path):
    samples = [*read_annotated(SPHERES / "annotated"), *read_annotated(SPHERES / "more")[:1]]
    write_annotated(tmp_path / "both", samples)
    layers = opened(tmp_path / "both")
    assert [(options["name"], options["visible"]) for _, options, _ in layers] == [
        ("spheres_0", True),
        ("spheres_0 particles", True),
        ("spheres_0 background", True),
        ("spheres_1", False),
        ("spheres_1 particles", False),
    ]
    assert all(options["scale"] == pytest.approx((1.2, 1.2)) for _, options, _ in layers)
    np.testing.assert_array_equal(layers[1][0], samples[0].labels)
    np.testing.assert_array_equal(layers[2][0] > 0, samples[0].background > 0)


def test_labels_are_saved_with_their_pixel_size_and_opened_again(tmp_path):
    labels = np.zeros((20, 30), np.uint32)
    labels[2:9, 3:9] = 70_000
    layer = Labels(labels, scale=(0.002, 0.004), units="um")
    data, attributes, _ = layer.as_layer_data_tuple()
    path = str(tmp_path / "my particles.tif")
    assert write_label_image(path, data, attributes) == [path]
    ((read, options, kind),) = opened(path)
    assert (options["name"], kind) == ("my particles", "labels")
    np.testing.assert_array_equal(read, labels)
    assert options["scale"] == pytest.approx((2, 4)) and options["units"] == ("nm", "nm")


def test_labels_in_pixels_stay_in_pixels(tmp_path):
    layer = Labels(np.eye(8, dtype=int))
    path = str(tmp_path / "labels.tif")
    write_label_image(path, *layer.as_layer_data_tuple()[:2])
    ((_, options, _),) = opened(path)
    assert options["scale"] == (1, 1) and options["units"] == ("pixel", "pixel")


def test_what_is_not_ours_is_left_to_others_or_refused(tmp_path):
    (tmp_path / "other.zarr").mkdir()
    assert get_reader(str(tmp_path / "other.zarr")) is None
    assert get_reader([str(tmp_path), str(tmp_path)]) is None
    tifffile.imwrite(tmp_path / "labels.tif", np.full((4, 4), 0.5, np.float32))
    with pytest.raises(UserError, match="integers"):
        opened(tmp_path / "labels.tif")
    with pytest.raises(UserError, match="is a stack"):
        write_label_image(str(tmp_path / "a.tif"), *Labels(np.ones((2, 3, 3), int)).as_layer_data_tuple()[:2])


def test_sample_micrographs_come_with_their_particles():
    (image, options, _), (particles, _, _) = spheres()
    assert options["scale"] == pytest.approx((1.2, 1.2)) and len(np.unique(particles)) > 30
    (image, options, _), (particles, _, _) = rods()
    assert options["scale"] == (1, 1), "its bar says how large a pixel is"
    assert image.shape == particles.shape and len(np.unique(particles)) > 30
    footer = image[-28:]
    bar = (footer[14] == 255).nonzero()[0][-125:]
    assert bar[-1] - bar[0] == 124 and footer[14, bar[0] - 1] == 0, "100 nm"
    assert not particles[-28:].any()
    assert read_labels(SPHERES.parent / "rods" / "labels" / "rods.tif").shape == image.shape
