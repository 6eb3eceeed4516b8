import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import particleforge
from particleforge.errors import UserError
from particleforge.store.project import PARTICLES, Project, groups_from_names, numbered
from particleforge.store.project_images import unused_name

HERE = [HealthCheck.function_scoped_fixture]


def draw(path, shape=(8, 9), value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.full(shape, value, np.uint8), photometric="minisblack")
    return path


def paths(project):
    return {image.name: image.path for image in project.images}


def test_a_folder_of_images_is_a_project(tmp_path):
    for name in ("b ü.1.tif", "a.tif", "gold/c.tif", "silver/c.tif", "labels/a.tif", "particles/a.tif", ".x.tif"):
        draw(tmp_path / name)
    project = Project(tmp_path)
    assert paths(project) == {"a": "a.tif", "b ü.1": "b ü.1.tif", "c": "gold/c.tif", "c-2": "silver/c.tif"}
    assert [image.group for image in project.images] == ["", "", "gold", "silver"]
    assert not project.file.exists()
    project.set(["c"], group="Au", pixel_size_nm=1.5)
    again = Project(tmp_path)
    assert again.images == project.images and again["c"].group == "Au"
    assert again.open("c").pixel_size_nm == (1.5, 1.5) and again.open("b ü.1").name == "b ü.1"


def test_images_that_differ_in_the_suffix_are_one_in_a_folder_and_two_if_added(tmp_path):
    from PIL import Image

    draw(tmp_path / "a.tif", value=1)
    Image.new("L", (9, 8)).save(tmp_path / "a.png")
    project = Project(tmp_path)
    assert paths(project) == {"a": "a.tif"}
    assert project.add([tmp_path / "a.png"]) == ["a-2"]
    assert project.add([tmp_path / "a.png", tmp_path]) == []
    assert paths(Project(tmp_path)) == {"a": "a.tif", "a-2": "a.png"}


def test_images_elsewhere_are_referred_to(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    far = draw(tmp_path / "far" / "x.tif")
    project = Project(folder)
    assert project.names == [] and project.add([far], group="far") == ["x"]
    assert paths(Project(folder)) == {"x": str(far)} and project.missing == []
    project.remove(["x"])
    assert Project(folder).names == [] and far.exists()


def test_a_project_moves_with_its_images(tmp_path):
    draw(tmp_path / "one" / "sub" / "a.tif", value=7)
    outside = draw(tmp_path / "far" / "b.tif", value=9)
    project = Project(tmp_path / "one")
    project.add([outside])
    shutil.move(tmp_path / "one", tmp_path / "two")
    moved = Project(tmp_path / "two")
    assert moved.missing == [] and moved.open("a")[0].read().pixels[0, 0] == 7
    shutil.move(outside, tmp_path / "two" / "b.tif")
    assert moved.open("b")[0].read().pixels[0, 0] == 9


def test_images_that_were_moved_are_found_by_their_names(tmp_path):
    draw(tmp_path / "a.tif", value=1)
    draw(tmp_path / "b.tif", value=2)
    project = Project(tmp_path)
    project.set(["a"], group="x")
    (tmp_path / "new").mkdir()
    shutil.move(tmp_path / "a.tif", tmp_path / "new" / "a.tif")
    assert Project(tmp_path).path(project["a"]) == tmp_path / "new" / "a.tif"
    draw(tmp_path / "other" / "a.tif", value=3)
    doubtful = Project(tmp_path)
    assert doubtful.missing == ["a"]
    with pytest.raises(UserError, match="The file of a is missing"):
        doubtful.open("a")
    assert doubtful.open("b")[0].read().pixels[0, 0] == 2
    draw(tmp_path / PARTICLES / "b.tif", value=4)
    (tmp_path / "b.tif").unlink()
    doubtful.refresh()
    assert doubtful.missing == ["a", "b"]


def test_separators_of_windows_are_understood(tmp_path):
    draw(tmp_path / "cold" / "a.tif", value=1)
    draw(tmp_path / "warm" / "a.tif", value=2)
    images = [{"name": "a", "path": "cold\\a.tif"}, {"name": "b", "path": "D:\\data\\warm\\a.tif"}]
    (tmp_path / "project.yaml").write_text(yaml.safe_dump({"images": images}))
    project = Project(tmp_path)
    assert [project.open(name)[0].read().pixels[0, 0] for name in ("a", "b")] == [1, 2]


def test_two_hundred_images_open_at_once(tmp_path):
    small = draw(tmp_path / "a000.tif")
    for number in range(1, 200):
        shutil.copy(small, tmp_path / f"a{number:03d}.tif")
    stack = np.zeros((2000, 4, 4), np.uint8)
    tifffile.imwrite(tmp_path / "run.tif", stack, photometric="minisblack")
    Project(tmp_path)  # imports
    began = time.perf_counter()
    project = Project(tmp_path)
    assert len(project.names) == 2200 and time.perf_counter() - began < 2
    project.set(project.names[:3], group="x")
    began = time.perf_counter()
    assert len(Project(tmp_path).names) == 2200 and time.perf_counter() - began < 2


def test_planes_have_their_number_and_their_time(tmp_path):
    stack = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((3, 8, 9), np.uint8)
    tifffile.imwrite(tmp_path / "run.tif", stack, imagej=True, metadata={"axes": "TYX", "finterval": 2.0})
    project = Project(tmp_path)
    project.set(["run_00002"], group="late")
    plane = project.open("run_00002")[0]
    assert plane.columns == {"frame": 2, "time_s": 4.0, "group": "late"}
    assert plane.read().pixels[0, 0] == 2 and plane.name == "run_00002"
    assert not plane.read().remarks
    broken = project.contents.images[0].replace(name="z", page=9)
    project.contents = project.contents.replace(images=(*project.images, broken))
    with pytest.raises(UserError, match="there is no number 9"):
        project.open("z")


ADD_GROUPS = """
import sys
from particleforge.store.project import Project
project = Project(sys.argv[1])
for number in range(int(sys.argv[2]), 20, 2):
    project.set([f"a{number:02d}"], group=f"g{number}")
"""


def test_two_programs_change_it_at_once(tmp_path):
    for number in range(20):
        draw(tmp_path / f"a{number:02d}.tif")
    commands = [[sys.executable, "-c", ADD_GROUPS, str(tmp_path), first] for first in ("0", "1")]
    others = [subprocess.Popen(command) for command in commands]
    assert [other.wait(60) for other in others] == [0, 0]
    assert [image.group for image in Project(tmp_path).images] == [f"g{number}" for number in range(20)]


def test_changes_of_another_program_are_noticed_and_kept(tmp_path):
    draw(tmp_path / "a.tif")
    one, other = Project(tmp_path), Project(tmp_path)
    one.set(["a"], group="x")
    other.set(["a"], pixel_size_nm=2.0)
    assert one.refresh() and not one.refresh()
    assert one["a"].group == "x" and one["a"].pixel_size_nm == 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("images: [", "not valid YAML"),
        ("", "is empty"),
        ("- a", "holds a list"),
        ("images: 3", r"project.yaml.*images"),
        ("images: [{name: a}]", "no name or no path"),
        ("images: [{path: a.tif}]", "no name or no path"),
        ("images: [{name: a, path: x}, {name: A, path: y}]", "Two samples are called 'A'"),
        ("images: [{name: ../a, path: x}]", "cannot be a file name"),
        ("images: [{name: a, path: x, pixel_size_nm: -1}]", "greater than 0"),
        ("colour: red", "no parameter 'colour'"),
    ],
)
def test_a_damaged_file_is_refused_and_stays(tmp_path, text, message):
    (tmp_path / "project.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        Project(tmp_path)
    assert (tmp_path / "project.yaml").read_text() == text


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["images", "name", "path", "group", "pixel_size_nm", "teaches", "page", "detector", "measuring"]
)
IMAGE = st.dictionaries(NAMES, PLAIN, max_size=5)


@settings(max_examples=150, suppress_health_check=HERE, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.dictionaries(NAMES, PLAIN | st.lists(IMAGE, max_size=3), max_size=4).map(
            lambda one: yaml.dump(one).encode()
        ),
    )
)
def test_whatever_the_file_holds_is_read_or_refused(tmp_path, content):
    (tmp_path / "project.yaml").write_bytes(content)
    try:
        project = Project(tmp_path)
    except UserError:
        return
    assert set(project.missing) == set(project.names)
    project.set(project.names, group="x")
    assert Project(tmp_path).images == project.images
    for name in project.names:
        with pytest.raises(UserError):
            project.open(name)


@settings(max_examples=200)
@given(st.lists(st.text(max_size=300), max_size=5))
def test_any_name_of_a_file_gives_a_name_for_files(names):
    taken: set[str] = set()
    given_names = [unused_name(name, taken) for name in names]
    assert len({name.casefold() for name in given_names}) == len(names)
    with tempfile.TemporaryDirectory() as folder:
        for name in given_names:
            (Path(folder) / f"{name}.tif").touch()
        assert sorted(os.listdir(folder)) == sorted(f"{name}.tif" for name in given_names)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of files that are not text")
def test_names_that_are_no_text_end_nothing(tmp_path):
    draw(tmp_path / "a.tif")
    shutil.copy(tmp_path / "a.tif", os.fsencode(tmp_path) + b"/b\xff.tif")
    shutil.copy(tmp_path / "a.tif", tmp_path / "c:d.tif")
    project = Project(tmp_path)
    project.set(project.names, group="x")
    again = Project(tmp_path)
    assert len(again.names) == 3 and "c_d" in again.names
    assert again.open("c_d").name == "c_d"
    with pytest.raises(UserError):
        again.open(next(name for name in again.names if name.startswith("b")))


SCRIPT = """
import sys
from pathlib import Path
from particleforge.store.project import Project
project = Project.at(sys.argv[1], Path(sys.argv[2]))
project.set(["a"], group="x")
again = Project.at(sys.argv[1], Path(sys.argv[2]))
print(project.folder == again.folder, again["a"].group, again.missing, again.open("a")[0].read().shape, again.folder)
"""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of POSIX")
def test_a_folder_that_cannot_be_written_is_referred_to():
    place = Path(tempfile.mkdtemp())
    shutil.copytree(Path(particleforge.__file__).parent, place / "lib" / "particleforge")
    draw(place / "locked" / "a.tif")
    (place / "free").mkdir()
    (place / "free").chmod(0o777)
    (place / "locked").chmod(0o555)
    place.chmod(0o755)
    before = []
    if os.getuid() == 0:  # who may write everywhere
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not there")
        before = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    command = [*before, sys.executable, "-c", SCRIPT, place / "locked", place / "free" / "projects"]
    found = subprocess.run(
        command, env={"PYTHONPATH": str(place / "lib")}, cwd="/", capture_output=True, text=True, check=False
    )
    if "No module named" in found.stderr or "Permission denied: '/root" in found.stderr:
        pytest.skip("another user cannot run this Python")
    assert found.stdout.startswith("True x [] (8, 9)"), found.stderr
    assert os.listdir(place / "locked") == ["a.tif"]
    (place / "locked").chmod(0o755)
    assert Project.at(place / "locked", place / "free").folder == place / "locked"
    shutil.rmtree(place)


def test_groups():
    assert groups_from_names(["a_01", "a_02", "b_01"]) == {"a_01": "a", "a_02": "a", "b_01": "b"}
    assert groups_from_names(["a_01", "a_02"]) == {}
    assert numbered("1,5 h") == (1.5, "h") and numbered("300 °C") == (300, "°C") and numbered("x 3") is None


def test_names_of_images_without_folders_suggest_their_groups(tmp_path):
    for name in ("gold_1", "gold_2", "silver_1", "silver_2"):
        draw(tmp_path / f"{name}.tif")
    assert [image.group for image in Project(tmp_path).images] == ["gold", "gold", "silver", "silver"]
    draw(tmp_path / "overview.tif")
    assert {image.group for image in Project(tmp_path).images} == {""}, "not of one image alone"
