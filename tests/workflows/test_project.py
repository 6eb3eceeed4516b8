"""Finding and measuring in a project."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

from particleforge.errors import UserError
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.step import run
from particleforge.store.files import LOCK
from particleforge.store.particle_files import ImageParticles, Origin, read_origin, read_particles, write_particles
from particleforge.store.project import PARTICLES, RESULTS, Project
from particleforge.store.teaching import save_teaching
from particleforge.workflows.find import SURE, FindParams, find
from particleforge.workflows.measure import MeasureParams, measure
from particleforge.workflows.sizes import SizesParams, sizes

PARAMS = MeasureParams(reports=False)


def discs(seed, shape=(96, 128), count=9):
    """Bright discs on a dark, noisy ground."""
    rng = np.random.default_rng(seed)
    grey = rng.normal(40, 3, shape)
    y, x = np.mgrid[: shape[0], : shape[1]]
    for _ in range(count):
        r, cy, cx = rng.uniform(4, 8), rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        grey[(y - cy) ** 2 + (x - cx) ** 2 < r**2] = 180
    return grey.clip(0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Four images in two groups, searched by the threshold detector."""
    place = tmp_path / "gold"
    for number, group in enumerate(("cold", "cold", "warm", "warm")):
        inside = place / group
        inside.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(inside / f"m{number}.tif", discs(number))
    project = Project(place)
    project.set(project.names, pixel_size_nm=2.0)
    project.configure(detector="threshold")
    return place


def mend(folder, name):
    """Erase one particle and confirm another one, as a person does; return the particles."""
    found = read_particles(folder / PARTICLES, name)
    first, second = np.unique(found.labels)[1:3].tolist()
    labels = np.where(found.labels == first, 0, found.labels).astype(np.uint32)
    scores = {number: score for number, score in found.origin.scores.items() if number != first}
    origin = replace(found.origin, scores=scores, sure=frozenset({second}), count=found.origin.count - 1)
    mended = ImageParticles(labels, origin)
    write_particles(folder / PARTICLES, name, mended)
    return mended


def messages(step):
    """All lines of progress of a step, and its result."""
    lines = []
    result = run(step, lambda progress: lines.append(progress.message))
    return lines, result


def times(folder):
    """When each label image of the results was written."""
    return {path.stem: path.stat().st_mtime_ns for path in (folder / RESULTS / "labels").glob("*.tif")}


@pytest.mark.parametrize("model", ["threshold", pytest.param("base", marks=pytest.mark.slow)])
def test_a_project_gives_the_numbers_of_its_images(folder, tmp_path, model):
    images = [folder / image.path for image in Project(folder).images]
    rules = {"reports": False, "smallest_px": 6.0, "least_certainty": 0.2}
    plain = measure(model, images, tmp_path / "out", MeasureParams(pixel_size="2 nm", **rules))
    ours = measure(model, project=folder, params=MeasureParams(**rules))
    assert ours.out == folder / RESULTS and ours.summary["complete"]
    remarks = [entry.pop("remarks") for entry in ours.summary["images"].values()]
    assert remarks == [["Pixel size 2 nm from project.yaml."]] * 4
    assert [entry.pop("group") for entry in ours.summary["images"].values()] == ["cold", "cold", "warm", "warm"]
    assert plain.summary["images"] == ours.summary["images"]
    assert plain.summary["pooled"] == ours.summary["pooled"]
    assert plain.summary["not_pooled"] == ours.summary["not_pooled"]
    assert ours.summary["provenance"]["method"] == plain.summary["provenance"]["method"]
    table = ResultsFolder.open(ours.out).table()
    assert dict(table.groupby("image")["group"].first()) == {"m0": "cold", "m1": "cold", "m2": "warm", "m3": "warm"}
    pd.testing.assert_frame_equal(table.drop(columns="group"), ResultsFolder.open(plain.out).table())


def test_only_what_has_changed_is_measured_again(folder):
    measure(project=folder, params=PARAMS)
    before = times(folder)
    lines, _ = messages(measure.steps(project=folder, params=PARAMS))
    assert times(folder) == before and not any(line.startswith("m") for line in lines)
    mend(folder, "m1")
    Project(folder).set(["m2"], pixel_size_nm=3.0)
    Project(folder).set(["m3"], group="hot")
    lines, done = messages(measure.steps(project=folder, params=PARAMS))
    assert [line[:3] for line in lines if line.startswith("m")] == ["m1:", "m2:", "m3:"]
    assert times(folder)["m0"] == before["m0"]
    table = ResultsFolder.open(done.out).table()
    assert set(table.loc[table["image"] == "m3", "group"]) == {"hot"}
    assert done.summary["images"]["m2"]["pixel_size_nm"] == 3.0
    assert "drawn, corrected or confirmed by hand" in done.summary["methods"]
    assert list(done.summary["images"]) == ["m0", "m1", "m2", "m3"]


def test_other_rules_renew_the_results_and_keep_other_files(folder):
    first = measure(project=folder, params=PARAMS)
    (first.out / "notes.txt").write_text("mine")
    Project(folder).configure(measuring={"smallest_px": 11.0, "reports": False})
    second = measure(project=folder)
    assert second.summary["pooled"]["counted"] < first.summary["pooled"]["counted"]
    assert ResultsFolder.open(second.out).rules.smallest_px == 11.0
    third = measure(project=folder, params=MeasureParams(smallest_px=0.0))
    assert third.summary["pooled"] == first.summary["pooled"]
    assert (first.out / "notes.txt").read_text() == "mine"


def test_results_of_something_else_stay(folder):
    measure("threshold", folder / "cold", folder / RESULTS, PARAMS)
    before = (folder / RESULTS / "summary.json").read_bytes()
    with pytest.raises(UserError, match="of something else than this project"):
        measure(project=folder, params=PARAMS)
    assert (folder / RESULTS / "summary.json").read_bytes() == before
    assert not (folder / RESULTS / LOCK).exists()


def test_what_a_person_has_corrected_is_kept(folder):
    find(folder)
    mended = mend(folder, "m0")
    for name in ("m0", "m2"):
        tifffile.imwrite(Project(folder).path(Project(folder)[name]), discs(17))
    old = read_particles(folder / PARTICLES, "m2")
    lines, done = messages(measure.steps(project=folder, params=PARAMS))
    np.testing.assert_array_equal(read_particles(folder / PARTICLES, "m0").labels, mended.labels)
    assert not np.array_equal(read_particles(folder / PARTICLES, "m2").labels, old.labels)
    assert any("m0" in line and "corrected by hand" in line for line in lines)
    assert done.summary["images"]["m0"]["count"] == mended.origin.count
    assert "has changed since" in done.summary["images"]["m0"]["remarks"][0]
    assert "corrected by hand" in done.summary["remarks"][0]
    find(folder, only=["m0"], params=FindParams(again=True))
    origin = read_origin(folder / PARTICLES, "m0")
    assert not origin.mended and not origin.sure


def test_found_again_what_is_sure_stays(folder):
    find(folder)
    before = read_particles(folder / PARTICLES, "m0")
    first, second = sorted(before.origin.scores)[:2]
    labels = np.where(before.labels == second, 0, before.labels)  # erased, and marked as background
    rest = {number: score for number, score in before.origin.scores.items() if number != second}
    write_particles(
        folder / PARTICLES, "m0", ImageParticles(labels, replace(before.origin, scores=rest, sure=frozenset({first})))
    )
    save_teaching(Project(folder), "m0", labels, frozenset({first}), before.labels == second)
    assert find(folder, only=["m0"], params=FindParams(again=True)).counts == {"m0": before.origin.count - 1}
    after = read_particles(folder / PARTICLES, "m0")
    assert np.array_equal(after.labels == first, before.labels == first) and after.origin.sure == {first}
    assert np.array_equal(after.labels > 0, labels > 0)
    assert after.origin.finding[SURE] == {"found": 1, "of": 1}


def test_nothing_is_added_where_every_particle_is_marked(folder):
    find(folder)
    before = read_particles(folder / PARTICLES, "m0")
    one = min(before.origin.scores)
    labels = np.where(before.labels > one, before.labels, 0)
    scores = {number: score for number, score in before.origin.scores.items() if number > one}
    sure = frozenset({max(scores)})
    origin = replace(before.origin, scores=scores, sure=sure, complete=True, count=len(scores))
    write_particles(folder / PARTICLES, "m0", ImageParticles(labels, origin))
    find(folder, only=["m0"], params=FindParams(again=True))
    after = read_particles(folder / PARTICLES, "m0")
    assert np.array_equal(after.labels, labels) and after.origin.complete and after.origin.sure == sure


def test_only_erasing_counts_as_correcting(folder):
    find(folder)
    found = read_particles(folder / PARTICLES, "m0")
    assert not found.origin.mended
    scores = dict(list(found.origin.scores.items())[:-1])
    assert replace(found.origin, scores=scores).mended


def test_images_with_other_names_are_left_alone(folder):
    searched = find(folder, only=["m1", "m3"])
    assert list(searched.counts) == ["m1", "m3"]
    assert sorted(path.name for path in (folder / PARTICLES).iterdir()) == ["m1.tif", "m3.tif"]
    with pytest.raises(UserError, match="no image 'm9'"):
        find(folder, only=["m9"])


def test_another_detector_does_not_replace_what_was_found(folder):
    find(folder)
    before = {path.name: path.read_bytes() for path in (folder / PARTICLES).iterdir()}
    searched = find(folder, model="base")
    assert not searched.counts and "keep what another detector found" in searched.remarks[0]
    assert {path.name: path.read_bytes() for path in (folder / PARTICLES).iterdir()} == before


def test_a_change_by_hand_meanwhile_wins(folder):
    find(folder)
    step = find.steps(folder, params=FindParams(again=True))
    next(step)  # it has not yet looked at what is there
    next(step)  # m0 is done
    mended = mend(folder, "m3")
    lines, _ = messages(step)
    assert lines[-1] == "m3 was changed by hand meanwhile; its particles are kept."
    np.testing.assert_array_equal(read_particles(folder / PARTICLES, "m3").labels, mended.labels)


def test_a_broken_image_does_not_end_the_run(folder):
    (folder / "cold" / "m1.tif").write_bytes(b"II*\0broken")
    (folder / "warm" / "m2.tif").unlink()
    done = measure(project=folder, params=PARAMS)
    assert list(done.summary["images"]) == ["m0", "m3"]
    assert list(done.summary["failed"]) == ["m1", "m2"]
    assert "missing" in done.summary["failed"]["m2"]
    report = measure.report(done, {"project": str(folder)})
    assert "m1" in report["not_measured"]


def test_damaged_particles_are_not_replaced_unless_asked(folder):
    find(folder)
    path = folder / PARTICLES / "m0.tif"
    path.write_bytes(path.read_bytes()[:200])
    done = measure(project=folder, params=PARAMS)
    assert "m0" in done.summary["failed"] and path.stat().st_size == 200
    find(folder, only=["m0"], params=FindParams(again=True))
    assert read_origin(folder / PARTICLES, "m0").count > 0


def test_images_not_searched_are_named(folder):
    find(folder, only=["m0"])
    done = sizes(project=folder, params=SizesParams(reports=False))
    assert done.summary["remarks"] == ["3 images (m1, m2, m3) not searched for particles yet."]
    assert list(done.summary["images"]) == ["m0"]


def test_what_a_detector_states_does_not_hold_for_what_a_person_has_checked(folder):
    find(folder)
    found = read_particles(folder / PARTICLES, "m0")
    unsure = replace(found.origin, finding={"certainty": 0.1})
    write_particles(folder / PARTICLES, "m0", ImageParticles(found.labels, unsure))
    assert "m0" in measure(project=folder, params=PARAMS).summary["not_pooled"]
    ids = frozenset(np.unique(found.labels[found.labels > 0]).tolist())
    write_particles(folder / PARTICLES, "m0", ImageParticles(found.labels, replace(unsure, sure=ids)))
    done = measure(project=folder, params=PARAMS)
    assert not done.summary["not_pooled"] and "certainty" not in done.summary["images"]["m0"]


def test_particles_drawn_by_hand_need_no_detector(folder):
    labels = np.zeros((96, 128), np.uint32)
    labels[20:40, 20:40] = 7
    for name in Project(folder).names:
        drawn = ImageParticles(labels, Origin(sure=frozenset({7}), count=1, complete=True))
        write_particles(folder / PARTICLES, name, drawn)
    done = measure("no such detector", project=folder, params=PARAMS)
    assert done.summary["pooled"]["count"] == 4
    assert done.summary["methods"].startswith("Particles were outlined beforehand")


def test_around_a_few_that_were_drawn_the_others_are_found(folder):
    found = find(folder, only=["m1"]).counts["m1"]
    labels = read_particles(folder / PARTICLES, "m1").labels
    first = int(labels[labels > 0][0])
    one = np.where(labels == first, np.uint32(9), 0).astype(np.uint32)
    write_particles(folder / PARTICLES, "m1", ImageParticles(one, Origin(sure=frozenset({9}), count=1)))
    assert find(folder, only=["m1"]).counts == {"m1": found}
    again = read_particles(folder / PARTICLES, "m1")
    assert again.origin.sure == {9} and ((again.labels == 9) == (one == 9)).all()
    assert not find(folder, only=["m1"]).counts


def test_an_image_that_is_complete_stays_so(folder):
    find(folder, only=["m0"])
    found = read_particles(folder / PARTICLES, "m0")
    first = int(found.labels[found.labels > 0][0])
    one = np.where(found.labels == first, found.labels, 0).astype(np.uint32)
    only = ImageParticles(one, Origin(sure=frozenset({first}), count=1, complete=True))
    write_particles(folder / PARTICLES, "m0", only)
    assert not find(folder, only=["m0"]).counts
    assert find(folder, only=["m0"], params=FindParams(again=True)).counts == {"m0": 1}
    after = read_particles(folder / PARTICLES, "m0")
    np.testing.assert_array_equal(after.labels, one)
    assert after.origin.complete and after.origin.sure == {first}


def test_label_images_put_into_the_folder_by_hand_are_all_there_is(folder):
    labels = np.zeros((96, 128), np.uint16)
    labels[20:40, 20:40] = 7
    (folder / PARTICLES).mkdir()
    tifffile.imwrite(folder / PARTICLES / "m0.tif", labels)
    assert "m0" not in find(folder).counts
    assert measure(project=folder, params=PARAMS).summary["images"]["m0"]["count"] == 1


def test_a_stack_keeps_its_frames(tmp_path):
    stack = np.stack([discs(seed) for seed in range(3)])
    tifffile.imwrite(tmp_path / "run.tif", stack, photometric="minisblack")
    plain = measure("threshold", tmp_path / "run.tif", tmp_path / "out", PARAMS)
    ours = measure("threshold", project=tmp_path, params=PARAMS)
    assert [*ours.summary["images"]] == ["run_00000", "run_00001", "run_00002"]
    pd.testing.assert_frame_equal(*(ResultsFolder.open(one.out).table() for one in (plain, ours)))
    assert plain.summary["images"] == ours.summary["images"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"project": "X", "images": "y"}, "its own images and results"),
        ({"project": "X", "out": "y"}, "its own images and results"),
        ({"model": "base", "images": "y"}, "out is missing"),
        ({"out": "y"}, "images is missing"),
        ({}, "images is missing"),
        ({"project": "X", "params": MeasureParams(page=2)}, "no page to select"),
    ],
)
def test_images_and_projects_are_not_mixed(folder, given, message):
    given = {name: folder if one == "X" else one for name, one in given.items()}
    with pytest.raises(UserError, match=message):
        measure(**given)


def test_rules_of_a_project_are_checked(folder):
    project = Project(folder)
    find(folder)
    project.configure(measuring={"smalest_px": 3})
    with pytest.raises(UserError, match=r"project.yaml.*smalest_px"):
        measure(project=folder)


def test_options_of_the_project_are_for_its_detector(folder):
    project = Project(folder)
    project.configure(measuring={"options": {"smallest": "14 px"}, "reports": False})
    small = find(folder).counts
    assert sum(find(folder, model="threshold", params=FindParams(again=True)).counts.values()) > sum(small.values())
    assert json.loads(json.dumps(read_origin(folder / PARTICLES, "m0").plain()))["detector"]["options"] == {}


def test_sizes_and_measure_share_their_results(folder):
    Project(folder).configure(measuring={"options": {"smallest": "6 px"}, "reports": False})
    first = measure(project=folder)
    before = times(folder)
    assert sizes(project=folder).summary == first.summary
    assert times(folder) == before
    with pytest.raises(UserError, match="alone"):
        sizes(folder, project=folder)
    with pytest.raises(UserError, match="out is missing"):
        sizes(folder)
    with pytest.raises(UserError, match="labels is missing"):
        sizes()


@pytest.mark.slow
def test_any_number_of_processes_finds_and_measures_the_same(folder):
    (folder / "warm" / "m2.tif").write_bytes(b"II*")
    written = []
    for workers in (1, 2):
        lines, done = messages(measure.steps(project=folder, params=PARAMS.replace(workers=workers)))
        assert not [line for line in lines if "One process is used" in line]
        assert list(done.summary["images"]) == ["m0", "m1", "m3"] and list(done.summary["failed"]) == ["m2"]
        made = [path for part in (PARTICLES, RESULTS) for path in (folder / part).rglob("*") if path.is_file()]
        written.append({path.relative_to(folder): path.read_bytes() for path in made})
        for part in (PARTICLES, RESULTS):
            shutil.rmtree(folder / part)
    assert len(written[0]) > 6 and written[0] == written[1]


def test_two_searches_do_not_meet(folder):
    step = find.steps(folder)
    next(step)
    with pytest.raises(UserError, match="Another run is finding particles"):
        find(folder)
    step.close()
    find(folder)
