"""Particles of movies that are measured and followed."""

import json

import numpy as np
import pandas as pd
import pytest
import tifffile

from measurement.tracking.discs import growing
from particleforge.errors import UserError
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.measurement.tracking.params import TrackParams
from particleforge.workflows.measure import MeasureParams, measure
from particleforge.workflows.sizes import SizesParams, sizes
from particleforge.workflows.track import track

PLAIN = SizesParams(reports=False)
FOLLOWED = ("tracks.csv", "growth.csv", "growth.html", "growth.pdf")


def write(path, labels, interval_s=2.0, size_nm=0.5, axes="TYX"):
    about = {"axes": axes, **({"unit": "nm"} if size_nm else {}), **({"finterval": interval_s} if interval_s else {})}
    resolution = (1 / size_nm, 1 / size_nm) if size_nm else None
    tifffile.imwrite(path, labels, imagej=True, resolution=resolution, metadata=about)
    return path


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Results of a movie that drifts, with tracks."""
    folder = tmp_path_factory.mktemp("movie")
    labels = growing(0, frames=8, side=160, count=25, drift=(1.5, -0.7), missing=0.03)
    sizes(write(folder / "run.tif", labels), folder / "out", PLAIN)
    return track(folder / "out", TrackParams(drift=True))


def test_the_rate_is_right_and_its_interval_holds_the_truth(followed):
    rates = followed.summary["movies"]["run"]["rates"]
    true = 0.2 * 0.5 / 2.0  # px per frame, nm per px, frames per second
    assert followed.summary["movies"]["run"]["rate_unit"] == "nm/s"
    assert rates["median"]["value"] == pytest.approx(true, rel=0.05)
    assert rates["median"]["low"] <= true <= rates["median"]["high"]
    assert rates["d10"]["value"] < true < rates["d90"]["value"]


def test_tables_agree_with_each_other(followed):
    folder = ResultsFolder.open(followed.out)
    particles, tracks, growth = folder.table(), *(pd.read_csv(followed.out / name) for name in FOLLOWED[:2])
    assert particles["track"].value_counts().sort_index().tolist() == tracks["frames"].tolist()
    assert growth["frame"].tolist() == list(range(8)) and growth["time_s"].tolist() == list(np.arange(8) * 2.0)
    assert growth["count"].tolist() == particles.groupby("frame").size().tolist()
    for frame, own in particles[particles["weight"] > 0].groupby("frame"):
        mean = np.average(own["ecd_nm"], weights=own["weight"])
        log = np.average(np.log(own["ecd_nm"]), weights=own["weight"])
        row = growth.loc[frame]
        assert [row["mean_nm"], row["geometric_mean_nm"]] == pytest.approx([mean, np.exp(log)], rel=1e-5)
        assert row["number_per_um2"] == pytest.approx(own["weight"].sum() / (0.08 * 0.08), rel=1e-5)
        assert row["mean_low_nm"] < row["mean_nm"] < row["mean_high_nm"]
    pd.testing.assert_frame_equal(particles, pd.read_parquet(followed.out / "particles.parquet"), rtol=1e-6)


def test_the_specimen_stands_still_once_the_drift_is_subtracted(followed):
    particles = ResultsFolder.open(followed.out).table()
    growth = pd.read_csv(followed.out / "growth.csv")
    assert growth["drift_x_px"].iloc[-1] == pytest.approx(1.5 * 7, abs=0.6)
    assert growth["drift_y_px"].iloc[-1] == pytest.approx(-0.7 * 7, abs=0.6)
    whole = particles[~particles["touches_border"]]
    assert whole.groupby("track")["specimen_x_px"].std().median() < 0.4
    assert whole.groupby("track")["x_px"].std().median() > 2
    np.testing.assert_allclose(particles["specimen_y_nm"], particles["specimen_y_px"] * 0.5, rtol=1e-5)


def test_following_again_replaces_what_was_there(followed):
    before = {name: (followed.out / name).read_bytes() for name in FOLLOWED}
    table = (followed.out / "particles.csv").read_bytes()
    track(followed.out)
    assert "specimen_x_px" not in ResultsFolder.open(followed.out).table()
    track(followed.out, TrackParams(drift=True))
    assert {name: (followed.out / name).read_bytes() for name in FOLLOWED} == before
    assert (followed.out / "particles.csv").read_bytes() == table


def test_measure_can_follow_at_once_and_gives_the_same(tmp_path):
    labels = growing(1, frames=3, side=120, count=12)
    stack = np.where(labels > 0, 180, 60).astype(np.uint8)
    write(tmp_path / "run.tif", stack)
    params = {"reports": False, "burnt_in": "keep"}
    for name, track_ in (("a", True), ("b", False)):
        measure("threshold", tmp_path / "run.tif", tmp_path / name, MeasureParams(**params, track=track_))
    track(tmp_path / "b")
    for name in ("tracks.csv", "growth.csv", "particles.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    again = measure("threshold", tmp_path / "run.tif", tmp_path / "a", MeasureParams(**params))
    assert "run" in again.summary["movies"]  # nothing has changed


def test_corrected_labels_are_followed_again(tmp_path):
    labels = growing(2, frames=3, side=120, count=12)
    source = write(tmp_path / "run.tif", labels)
    sizes(source, tmp_path / "out", SizesParams(reports=False, track=True))
    first = pd.read_csv(tmp_path / "out" / "tracks.csv")
    labels[1] = 0
    write(source, labels)
    again = sizes(source, tmp_path / "out", PLAIN)
    assert "movies" not in again.summary and not any((tmp_path / "out" / name).exists() for name in FOLLOWED)
    assert any("follow them again" in remark for remark in again.summary["remarks"])
    track(tmp_path / "out")
    growth = pd.read_csv(tmp_path / "out" / "growth.csv")
    assert growth["count"].tolist()[1] == 0 and np.isnan(growth["mean_nm"][1]) and growth["number_high"][1] > 3
    assert len(pd.read_csv(tmp_path / "out" / "tracks.csv")) <= len(first) + 2  # gaps are bridged


def test_labels_of_results_that_were_corrected_elsewhere_keep_their_frames(tmp_path):
    labels = growing(3, frames=2, side=120, count=12)
    movie = write(tmp_path / "run.tif", np.where(labels > 0, 180, 60).astype(np.uint8))
    folder = tmp_path / "mended"
    folder.mkdir()
    for number in range(2):
        tifffile.imwrite(folder / f"run_{number:05d}.tif", labels[number])
    sizes(folder, tmp_path / "out", PLAIN, images=movie)
    assert track(tmp_path / "out").summary["movies"]["run"]["rate_unit"] == "nm/s"
    sizes(folder, tmp_path / "bare", PLAIN)
    with pytest.raises(UserError, match=r"No image in .* is a frame of a movie"):
        track(tmp_path / "bare")
    found = track(tmp_path / "bare", TrackParams(frames="images", interval_s=3.0)).summary["movies"]["bare"]
    assert found["rate_unit"] == "px/s"
    assert pd.read_csv(tmp_path / "bare" / "growth.csv")["time_s"].tolist() == [0, 3]


def test_movies_of_one_folder_have_tracks_of_their_own(tmp_path):
    folder = tmp_path / "movies"
    folder.mkdir()
    for name, seed in (("a", 4), ("b", 5)):
        write(folder / f"{name}.tif", growing(seed, frames=2, side=120, count=12))
    write(folder / "z.tif", growing(6, frames=2, side=120, count=12), interval_s=None, axes="ZYX")
    tifffile.imwrite(folder / "single.tif", growing(6, frames=1, side=120, count=12)[0])
    done = sizes(folder, tmp_path / "out", SizesParams(reports=False, track=True))
    assert list(done.summary["movies"]) == ["a", "b"]
    table = ResultsFolder.open(tmp_path / "out").table()
    assert table.groupby("track")["image"].apply(lambda names: names.str[0].nunique()).max() == 1
    others = table["image"].str.startswith(("z", "single"))
    assert table["track"].isna().tolist() == others.tolist()
    assert table.loc[table["image"] == "z_00001", "depth"].tolist() == [1] * (table["image"] == "z_00001").sum()
    found = track(tmp_path / "out", TrackParams(frames="depth")).summary["movies"]
    assert list(found) == ["a", "b", "z"] and found["z"]["rate_unit"] == "nm/frame"
    assert "frame is not known" not in found["a"]["remarks"] and "given per frame" in found["z"]["remarks"][0]


def test_a_stack_over_depth_is_not_followed_and_says_so(tmp_path):
    source = write(tmp_path / "run.tif", growing(0, frames=2, side=80, count=4), axes="ZYX")
    with pytest.raises(UserError, match="Planes of stacks over depth are not linked"):
        sizes(source, tmp_path / "other", SizesParams(reports=False, track=True))
    assert not (tmp_path / "other").exists()


def test_a_length_without_a_pixel_size_is_refused(tmp_path):
    write(tmp_path / "run.tif", growing(0, frames=2, side=80, count=4), size_nm=None)
    sizes(tmp_path / "run.tif", tmp_path / "out", PLAIN)
    with pytest.raises(UserError, match=r"^A longest step of 5 nm needs a known pixel size\."):
        track(tmp_path / "out", TrackParams(cutoff="5 nm"))


def test_one_frame_is_refused(tmp_path):
    write(tmp_path / "run.tif", growing(0, frames=2, side=80, count=4))
    out = sizes(tmp_path / "run.tif", tmp_path / "out", PLAIN).out
    summary = json.loads((out / "summary.json").read_text())
    del summary["images"]["run_00001"]
    (out / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(UserError, match=r"run cannot be followed\. It has 1 frame that can be used; at least 2 are"):
        track(out)


def test_frames_of_unequal_size_are_refused(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, side in enumerate((80, 90)):
        tifffile.imwrite(folder / f"run_{number}.tif", growing(0, frames=1, side=side, count=4)[0])
    sizes(folder, tmp_path / "out", PLAIN)
    with pytest.raises(UserError, match=r"differ in shape in px: \(80, 80\) in run_0, but \(90, 90\) in run_1"):
        track(tmp_path / "out", TrackParams(frames="images"))


def test_movies_without_any_particle_are_followed_with_a_word(tmp_path):
    sizes(write(tmp_path / "run.tif", np.zeros((2, 40, 50), np.uint16)), tmp_path / "out", PLAIN)
    entry = track(tmp_path / "out", TrackParams(drift=True)).summary["movies"]["run"]
    assert entry["tracks"] == 0 and entry["rates"]["median"]["value"] is None
    text = " ".join(entry["remarks"])
    assert "No particle" in text and "drift could not be measured" in text


def test_steps_close_to_the_longest_are_reported(tmp_path):
    labels = growing(0, frames=3, side=160, count=20, drift=(5.0, 0.0))
    sizes(write(tmp_path / "run.tif", labels), tmp_path / "out", PLAIN)
    assert "nearly as long" in " ".join(
        track(tmp_path / "out", TrackParams(cutoff="6 px")).summary["movies"]["run"]["remarks"]
    )
    drift = TrackParams(cutoff="6 px", drift=True)
    assert "nearly as long" not in " ".join(track(tmp_path / "out", drift).summary["movies"]["run"]["remarks"])
