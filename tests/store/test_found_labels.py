import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from particleforge.store.found_labels import adopt_labels, found_labels
from particleforge.store.particle_files import read_particles
from particleforge.store.project import PARTICLES, RESULTS, Project
from particleforge.store.teaching import read_strokes, teaching_images
from particleforge.workflows.find import FindParams, find
from particleforge.workflows.measure import MeasureParams, measure

SHAPE = (40, 50)


def grey(seed=0):
    return np.random.default_rng(seed).integers(0, 99, SHAPE, np.uint8)


def labels(count=3):
    found = np.zeros(SHAPE, np.uint16)
    for number in range(1, count + 1):
        found[3:9, 10 * number - 6 : 10 * number] = number
    return found


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        Image.fromarray(pixels).save(path)
    else:
        tifffile.imwrite(path, pixels, photometric="minisblack")


def state(folder):
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in folder.rglob("*") if path.is_file()}


def unchanged(folder, before):
    now = state(folder)
    assert {path: now.get(path) for path in before} == before


@pytest.mark.parametrize(
    ("image", "given"),
    [
        ("images/a.tif", "labels/a.tif"),
        ("images/a.tif", "masks/a.png"),
        ("a.tif", "labels/a.png"),
        ("a b.tif", "a b_labels.tif"),
        ("ä.x.tif", "ä.x_cp_masks.png"),
        ("a.tif", "a-mask.tif"),
        ("gold/a.tif", "gold/masks/a.tif"),
    ],
)
def test_labels_of_other_programs_become_sure_particles(tmp_path, image, given):
    write(tmp_path / image, grey())
    write(tmp_path / given, labels())
    before = state(tmp_path)
    project = Project(tmp_path)
    (name,) = project.names
    assert found_labels(project)[name].labels == tmp_path / given
    assert adopt_labels(project).counts == {name: 3}
    particles = read_particles(tmp_path / PARTICLES, name)
    np.testing.assert_array_equal(particles.labels, labels())
    assert particles.origin.sure == {1, 2, 3} and particles.origin.count == 3
    assert teaching_images(project)[name].complete
    assert not found_labels(project)
    unchanged(tmp_path, before)


def test_selections_of_imagej_become_particles(tmp_path):
    from roifile import ImagejRoi, roiwrite

    write(tmp_path / "a.tif", grey())
    write(tmp_path / "b.tif", grey(1))
    square = ImagejRoi.frompoints(np.array([[5, 5], [15, 5], [15, 15], [5, 15]], np.float32))
    roiwrite(tmp_path / "a_RoiSet.zip", [square])
    adopted = adopt_labels(Project(tmp_path))
    assert adopted.counts == {"a": 1}
    assert (read_particles(tmp_path / PARTICLES, "a").labels[5:15, 5:15] == 1).all()


def test_masks_of_cellpose_become_particles(tmp_path):
    write(tmp_path / "a.tif", grey())
    content = {
        "masks": labels(),
        "outlines": labels() > 0,
        "filename": "a.tif",
        "est_diam": np.float64(9),
        "flows": [[]],
    }
    np.save(tmp_path / "a_seg.npy", content)
    before = state(tmp_path)
    assert adopt_labels(Project(tmp_path)).counts == {"a": 3}
    np.testing.assert_array_equal(read_particles(tmp_path / PARTICLES, "a").labels, labels())
    unchanged(tmp_path, before)


def test_a_file_of_cellpose_runs_nothing(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harmed",))

    write(tmp_path / "a.tif", grey())
    np.save(tmp_path / "a_seg.npy", {"masks": labels(), "more": Harmful()})
    assert "cannot be read" in adopt_labels(Project(tmp_path)).failed["a"].message
    assert not (tmp_path / "harmed").exists()
    for content in (labels(), {"outlines": 1}, b"\x93NUMPY"):
        if isinstance(content, bytes):
            (tmp_path / "a_seg.npy").write_bytes(content)
        else:
            np.save(tmp_path / "a_seg.npy", content)
        assert "a" in adopt_labels(Project(tmp_path)).failed


def test_an_annotated_part_is_known_in_part_and_can_be_searched(tmp_path):
    strokes = np.zeros(SHAPE, np.uint8)
    strokes[30:, :] = 1
    for part, pixels in {"images": grey(), "labels": labels(), "background": strokes}.items():
        write(tmp_path / part / "a.tif", pixels)
    project = Project(tmp_path)
    adopt_labels(project)
    np.testing.assert_array_equal(read_strokes(project, "a"), strokes > 0)
    assert not teaching_images(project)["a"].complete
    assert list(find(tmp_path, model="threshold").counts) == ["a"]
    assert read_particles(tmp_path / PARTICLES, "a").origin.sure == {1, 2, 3}


def test_verdicts_count(tmp_path):
    write(tmp_path / "images" / "a.tif", grey())
    write(tmp_path / "labels" / "a.tif", labels())
    (tmp_path / "verdicts").mkdir()
    (tmp_path / "verdicts" / "a.csv").write_text("label,verdict\n1,confirmed\n2,rejected\n")
    project = Project(tmp_path)
    assert adopt_labels(project).counts == {"a": 1}
    np.testing.assert_array_equal(read_strokes(project, "a"), labels() == 2)


def test_planes_have_their_labels(tmp_path):
    write(tmp_path / "run.tif", np.stack([grey(0), grey(1)]))
    write(tmp_path / "run_labels.tif", np.stack([labels(1), labels(2)]))
    assert adopt_labels(Project(tmp_path)).counts == {"run_00000": 1, "run_00001": 2}
    (tmp_path / PARTICLES / "run_00001.tif").unlink()
    write(tmp_path / "labels" / "run_00001.tif", labels(3))
    assert adopt_labels(Project(tmp_path)).counts == {"run_00001": 3}


def test_labels_that_do_not_fit_are_named_and_the_others_taken(tmp_path):
    for name in "abcd":
        write(tmp_path / f"{name}.tif", grey())
    write(tmp_path / "a_labels.tif", labels()[:20])
    write(tmp_path / "b_labels.tif", np.stack([labels(), labels()]))
    write(tmp_path / "c_labels.tif", (labels() > 0).astype(np.uint8))
    write(tmp_path / "d_labels.tif", labels(2))
    adopted = adopt_labels(Project(tmp_path))
    assert adopted.counts == {"d": 2}
    assert "has shape (20, 50)" in adopted.failed["a"].message
    assert "2 planes" in adopted.failed["b"].message
    assert sorted(adopted.failed) == ["a", "b", "c"]


def test_only_the_images_asked_for(tmp_path):
    for name in "ab":
        write(tmp_path / f"{name}.tif", grey())
        write(tmp_path / f"{name}_labels.tif", labels())
    assert adopt_labels(Project(tmp_path), ["b"]).counts == {"b": 3}


def test_results_become_particles_nobody_is_sure_of(tmp_path):
    image = grey()
    image[5:15, 5:15] = image[20:35, 20:30] = 220
    write(tmp_path / "images" / "a.tif", image)
    plain = measure("threshold", tmp_path / "images", tmp_path / "out", MeasureParams(reports=False))
    before = state(tmp_path / "out")
    project = Project(tmp_path / "out")
    assert project.names == ["a"] and project.path(project["a"]) == tmp_path / "images" / "a.tif"
    assert adopt_labels(project).counts == {"a": 2}
    origin = read_particles(tmp_path / "out" / PARTICLES, "a").origin
    assert not origin.mended and origin.detector["name"] == "threshold"
    assert not find(tmp_path / "out").counts
    assert measure(project=tmp_path / "out").summary["pooled"]["count"] == plain.summary["pooled"]["count"]
    assert (tmp_path / "out" / RESULTS).is_dir()
    unchanged(tmp_path / "out", before)


def test_a_search_states_that_there_are_labels(tmp_path):
    write(tmp_path / "a.tif", grey())
    write(tmp_path / "a_labels.tif", labels())
    assert "--adopt" in find(tmp_path, model="threshold").remarks[0]
    (tmp_path / PARTICLES / "a.tif").unlink()
    searched = find(tmp_path, model="threshold", params=FindParams(adopt=True))
    assert searched.remarks == ["The labels of 1 image (a) were taken over."] and not searched.counts
    assert read_particles(tmp_path / PARTICLES, "a").origin.count == 3


def test_a_damaged_summary_ends_nothing(tmp_path):
    write(tmp_path / "a.tif", grey())
    write(tmp_path / "labels" / "a.tif", labels())
    for text in ("{", "[]", json.dumps({"provenance": {"source": {"images": [3]}}})):
        (tmp_path / "summary.json").write_text(text)
        project = Project(tmp_path)
        assert project.names == ["a"] and adopt_labels(project).counts == {"a": 3}
        (tmp_path / PARTICLES / "a.tif").unlink()
