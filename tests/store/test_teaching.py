import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from particleforge.errors import UserError
from particleforge.store.annotated import read_annotated
from particleforge.store.project import ANNOTATIONS, Project
from particleforge.store.teaching import (
    Lesson,
    forget_teaching,
    read_strokes,
    read_teaching,
    save_teaching,
    teaching_images,
)

SHAPE = (24, 30)


@pytest.fixture
def project(tmp_path):
    """Two images and a stack of two planes."""
    rng = np.random.default_rng(0)
    for name, shape in {"a b": SHAPE, "c.d": SHAPE, "run": (2, *SHAPE)}.items():
        tifffile.imwrite(tmp_path / f"{name}.tif", rng.integers(0, 255, shape, np.uint8), photometric="minisblack")
    return Project(tmp_path)


def two():
    labels = np.zeros(SHAPE, np.uint32)
    labels[2:8, 2:8], labels[10:16, 10:16] = 3, 5
    return labels


def files(project):
    folder = project.folder / ANNOTATIONS
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_sure_particles_teach_and_the_rest_is_not_known(project):
    rejected = np.zeros(SHAPE, bool)
    rejected[18:22, 20:] = True
    save_teaching(project, "a b", two(), frozenset({5}), rejected=rejected)
    (sample,) = read_annotated(project.folder / ANNOTATIONS)
    np.testing.assert_array_equal(sample.labels, np.where(two() == 5, 5, 0))
    np.testing.assert_array_equal(sample.known, rejected | (two() == 5))
    assert (project.folder / ANNOTATIONS / "images" / "a b.tif").read_bytes() == project.path(
        project["a b"]
    ).read_bytes()
    assert teaching_images(project) == {"a b": Lesson(1, False)}
    np.testing.assert_array_equal(read_strokes(project, "a b"), rejected)
    assert read_strokes(project, "c.d") is None


def test_what_is_no_longer_sure_is_removed(project):
    save_teaching(project, "c.d", two(), frozenset({3, 5}), complete=True)
    save_teaching(project, "a b", two(), frozenset({3}))
    assert teaching_images(project) == {"a b": Lesson(1, False), "c.d": Lesson(2, True)}
    save_teaching(project, "c.d", two(), frozenset())
    assert files(project) == ["background/a b.tif", "images/a b.tif", "labels/a b.tif"]
    forget_teaching(project, "a b")
    assert files(project) == [] and teaching_images(project) == {}


def test_unticked_images_do_not_teach(project):
    for name in ("a b", "c.d"):
        save_teaching(project, name, two(), frozenset({3, 5}), complete=True)
    project.set(["a b"], teaches=False)
    assert list(teaching_images(project)) == ["c.d"]
    assert [sample.name for sample in read_teaching(project)] == ["c.d"]
    project.set(["c.d"], teaches=False)
    with pytest.raises(UserError, match="teaches yet"):
        read_teaching(project)


def test_a_plane_of_a_stack_teaches_alone(project):
    save_teaching(project, "run_00001", two(), frozenset({3, 5}), complete=True)
    (sample,) = read_teaching(project)
    stack = tifffile.imread(project.folder / "run.tif")
    np.testing.assert_array_equal(sample.micrograph.pixels, stack[1])


def test_a_channel_teaches_alone(project):
    stack = np.random.default_rng(1).integers(0, 255, (2, *SHAPE), np.uint8)
    tifffile.imwrite(project.folder / "two.tif", stack, imagej=True, metadata={"axes": "CYX"})
    fresh = Project(project.folder)
    second = next(image for image in fresh.images if image.name == "two").replace(channel=2)
    fresh.contents = replace_image(fresh.contents, second)
    save_teaching(fresh, "two", two(), frozenset({3}), complete=True)
    (sample,) = read_teaching(fresh)
    np.testing.assert_array_equal(sample.micrograph.grey, stack[1])


def replace_image(contents, image):
    return contents.replace(images=tuple(image if one.name == image.name else one for one in contents.images))


def test_the_scale_is_that_of_the_project(project):
    project.set(["a b"], pixel_size_nm=2.0)
    save_teaching(project, "a b", two(), frozenset({3}), complete=True)
    assert read_annotated(project.folder / ANNOTATIONS)[0].micrograph.pixel_size_nm == (2.0, 2.0)
    project.set(["a b"], pixel_size_nm=3.0)
    assert read_teaching(project)[0].micrograph.pixel_size_nm == (3.0, 3.0)
    project.set(["a b"], pixel_size_nm=None)
    save_teaching(project, "a b", two(), frozenset({3}), complete=True)
    assert read_annotated(project.folder / ANNOTATIONS)[0].micrograph.pixel_size_nm is None


def test_an_image_that_has_changed_is_copied_again(project):
    save_teaching(project, "a b", two(), frozenset({3}), complete=True)
    new = np.random.default_rng(5).integers(0, 255, SHAPE, np.uint8)
    tifffile.imwrite(project.path(project["a b"]), new)
    save_teaching(project, "a b", two(), frozenset({5}), complete=True)
    (sample,) = read_teaching(project)
    np.testing.assert_array_equal(sample.micrograph.pixels, new)


def test_a_missing_image_still_teaches(project):
    save_teaching(project, "a b", two(), frozenset({3}), complete=True)
    project.set(["c.d"], group="x")  # the project knows its images now
    project.path(project["a b"]).unlink()
    assert [sample.name for sample in read_teaching(Project(project.folder))] == ["a b"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    labels=arrays(np.uint32, SHAPE, elements=st.integers(0, 4)),
    sure=st.frozensets(st.integers(1, 5)),
    free=arrays(bool, SHAPE),
    complete=st.booleans(),
)
def test_what_is_saved_is_what_is_learned(project, labels, sure, free, complete):
    save_teaching(project, "a b", labels, sure, free, complete)
    there = np.where(np.isin(labels, list(sure)), labels, 0)
    lessons = teaching_images(project)
    if not there.any() and not (free & (there == 0)).any() and not complete:
        assert not lessons
        return
    assert lessons == {"a b": Lesson(len(np.unique(there[there > 0])), complete)}
    if complete:
        assert read_strokes(project, "a b") is None
    else:
        np.testing.assert_array_equal(read_strokes(project, "a b"), free & (there == 0))


def test_shapes_must_fit(project):
    with pytest.raises(UserError, match="background has shape"):
        save_teaching(project, "a b", two(), frozenset({3}), np.zeros((3, 3), bool))
    with pytest.raises(UserError, match="no image 'z'"):
        save_teaching(project, "z", two(), frozenset({3}))
    with pytest.raises(UserError, match="shape"):
        save_teaching(project, "a b", two()[:5], frozenset({3}))
    assert teaching_images(project) == {}


def test_damage_is_named(project):
    save_teaching(project, "a b", two(), frozenset({3}))
    path = project.folder / ANNOTATIONS / "labels" / "a b.tif"
    path.write_bytes(b"II*\0")
    with pytest.raises(UserError, match="a b"):
        teaching_images(project)
