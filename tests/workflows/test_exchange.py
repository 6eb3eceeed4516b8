"""Datasets to other programs and back: formats are recognised, nothing half done is left, nothing is lost silently."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.recipes.any import as_recipe
from particleforge.recipes.synthesize import SynthesizeParams, draw_dataset
from particleforge.sample import Sample
from particleforge.step import run
from particleforge.store.dataset import Dataset
from particleforge.workflows.export import export
from particleforge.workflows.import_ import import_

FORMATS = ["pairs", "stardist", "coco"]
LETTERED = {"kind": "shapes", "height_px": 160, "width_px": 160, "lettering": 1}


def partial(name="a"):
    labels = np.zeros((30, 40), np.uint32)
    labels[4:12, 5:14], labels[18:26, 20:30] = 1, 2
    pixels = np.random.default_rng(0).integers(0, 200, labels.shape, np.uint8)
    return Sample(Micrograph(pixels, name=name), labels, labels > 0)


def dataset_of(path, *samples, meta=None):
    dataset = Dataset.create(path, len(samples), (30, 40), np.uint8, meta or {})
    dataset.write_shard(0, samples)
    return dataset


@pytest.fixture(scope="module")
def lettered(tmp_path_factory):
    """Drawn images with letters, which hide parts of particles from training."""
    out = tmp_path_factory.mktemp("lettered") / "drawn.zarr"
    dataset = draw_dataset(as_recipe(LETTERED), [], out, SynthesizeParams(count=4))
    assert any(sample.known is not None and not sample.known.all() for sample in dataset)
    return dataset


@pytest.mark.parametrize("name", FORMATS)
def test_a_freshly_drawn_dataset_is_written_in_every_format_and_recognised(lettered, tmp_path, name):
    assert export(lettered.path, tmp_path / "out", name)["samples"] == 4
    back = import_(tmp_path / "out", tmp_path / "back.zarr")
    assert back.meta["format"] == name
    for found, sample in zip(sorted(back, key=lambda one: one.name), lettered, strict=True):
        np.testing.assert_array_equal(found.labels, sample.labels)
        assert found.known is None or name == "coco"


@pytest.mark.parametrize("name", ["pairs", "stardist"])
@pytest.mark.parametrize("meta", [{}, {"recipe": {"kind": "warp"}}, {"recipe": {"kind": "of another package"}}])
def test_what_is_annotated_in_part_is_refused_and_leaves_nothing(tmp_path, name, meta):
    dataset = dataset_of(tmp_path / "a.zarr", partial(), meta=meta)
    for _ in range(2):
        with pytest.raises(UserError, match="of the image is not annotated"):
            export(dataset.path, tmp_path / "out", name)
        assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
    assert export(dataset.path, tmp_path / "out", "coco")["samples"] == 1


@pytest.mark.parametrize("name", FORMATS)
def test_a_stopped_export_leaves_nothing(lettered, tmp_path, name):
    steps = export.steps(lettered.path, tmp_path / "out", name)
    next(steps)
    steps.close()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_dataset_is_not_exported(lettered, tmp_path):
    copied = shutil.copytree(lettered.path, tmp_path / "d.zarr")
    (copied / "images" / "c" / "0" / "0" / "0").write_bytes(b"")
    with pytest.raises(UserError, match="the array images of samples 0 to 3 is lost"):
        export(copied, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_failed_import_leaves_nothing(tmp_path):
    export(dataset_of(tmp_path / "a.zarr", partial("a"), partial("b")).path, tmp_path / "out", "coco")
    steps = import_.steps(tmp_path / "out", tmp_path / "back.zarr")
    next(steps)
    next(steps)
    steps.close()
    assert not (tmp_path / "back.zarr").exists()
    assert run(import_.steps(tmp_path / "out", tmp_path / "back.zarr")).path == tmp_path / "back.zarr"
    with pytest.raises(UserError, match="exists and is not empty"):
        import_(tmp_path / "out", tmp_path / "back.zarr")


def test_what_cannot_be_imported_names_the_formats(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="none of the formats") as caught:
        import_(tmp_path / "empty", tmp_path / "out.zarr")
    for name in FORMATS:
        assert name in caught.value.hint
    with pytest.raises(UserError, match="does not exist"):
        import_(tmp_path / "nowhere", tmp_path / "out.zarr")
    for part in ("images", "masks"):
        (tmp_path / "empty" / part).mkdir()
    (tmp_path / "empty" / "a.json").write_text('{"images": [], "annotations": []}')
    with pytest.raises(UserError, match="may be read as coco or as pairs") as caught:
        import_(tmp_path / "empty", tmp_path / "out.zarr")
    assert "--format" in caught.value.hint


def test_vanished_particles_are_in_the_report(tmp_path):
    Image.fromarray(np.arange(100, dtype=np.uint8).reshape(10, 10)).save(tmp_path / "x.png")
    polygons = [[1, 1, 4, 1, 4, 4, 1, 4], [50, 50, 60, 50, 60, 60]]
    annotations = [{"id": 7 + i, "image_id": 1, "segmentation": [one]} for i, one in enumerate(polygons)]
    content = {"images": [{"id": 1, "file_name": "x.png"}], "annotations": annotations}
    (tmp_path / "x.json").write_text(json.dumps(content))
    dataset = import_(tmp_path, tmp_path / "out.zarr")
    said = import_.report(dataset, {"out": tmp_path / "out.zarr"})
    assert said["format"] == "coco"
    assert said["remarks"] == ("x: 1 of 2 particles are not in the labels: annotation 2 (id 8) covers no pixel.")
