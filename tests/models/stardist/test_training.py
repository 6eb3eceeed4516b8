"""Training a whole model: scale, thresholds, what an interrupted run leaves."""

import csv
import math
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from skimage.draw import disk, ellipse

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models.card import LOG
from particleforge.models.detector_task import HeldOut, Mix
from particleforge.models.detector_training import PREVIEW_PX, are_long
from particleforge.models.patches import Source
from particleforge.models.scales import plan_scales
from particleforge.models.stardist import thresholds
from particleforge.models.stardist.config import SMALL
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.train import train_network
from particleforge.models.stardist.train_params import TrainParams
from particleforge.models.stardist.training import is_finished, train_stardist
from particleforge.models.training_set import TrainingSet, hold_out
from particleforge.sample import Sample
from particleforge.step import run
from particleforge.store.files import DiskError

TINY = TrainParams(
    network=SMALL.replace(unet_n_filter_base=4, net_conv_after_unet=8, unet_n_depth=1),
    steps=6,
    minutes=None,
    patch_px=64,
    batch_size=1,
    validations=3,
)


def discs(radius: float, pixel_size_nm: float | None = None, name: str = "a") -> Sample:
    """Nine discs well inside an image."""
    labels = np.zeros((160, 160), np.uint32)
    for i in range(9):
        labels[disk((30 + 50 * (i // 3), 30 + 50 * (i % 3)), radius)] = i + 1
    pixels = np.where(labels > 0, 180, 60).astype(np.uint8)
    return Sample(Micrograph(pixels, name=name).with_pixel_size(pixel_size_nm), labels)


def test_one_magnification_gives_one_training_scale() -> None:
    plan = plan_scales([discs(10), discs(12)], 24)
    assert plan.scale_of(discs(10)) == plan.scale_of(discs(12)) == pytest.approx(24 / 22, rel=0.02)


def test_particles_of_new_images_may_be_four_times_smaller_or_larger() -> None:
    scales = plan_scales([discs(10)], 24).candidates
    assert max(scales) == pytest.approx(4, rel=0.3)
    assert min(scales) < 1.2 / 4
    assert min(abs(scale / 1.2 - 1) for scale in scales) < 0.05


def test_unequal_magnifications_are_brought_to_one_size_and_searched() -> None:
    small, large = discs(6), discs(20)
    plan = plan_scales([small, large], 24)
    assert plan.scale_of(small) == pytest.approx(2, rel=0.05)
    assert plan.scale_of(large) == pytest.approx(0.6, rel=0.05)
    assert min(plan.candidates) < 0.6 and max(plan.candidates) > 2


def test_known_pixel_sizes_keep_true_relative_sizes() -> None:
    """The same particles, once with half the pixel size: twice as many pixels, half the factor."""
    fine, coarse = discs(20, 0.5), discs(10, 1.0)
    plan = plan_scales([fine, coarse], 24)
    assert plan.scale_of(coarse) == pytest.approx(2 * plan.scale_of(fine))
    assert 20 * plan.scale_of(coarse) == pytest.approx(24, rel=0.03)


def test_no_particle_no_scale() -> None:
    empty = replace(discs(10), labels=np.zeros((160, 160), np.uint32))
    with pytest.raises(UserError, match="No particle is labelled"):
        plan_scales([empty], 24)


def test_long_particles_are_recognised() -> None:
    labels = np.zeros((160, 160), np.uint32)
    labels[ellipse(40, 80, 8, 40)] = 1
    labels[ellipse(100, 80, 8, 40)] = 2
    assert are_long([Sample(Micrograph(labels.astype(np.uint8)), labels)])
    assert not are_long([discs(10)])


@pytest.mark.parametrize(("count", "kept_back"), [(1, 0), (7, 0), (8, 1), (20, 3)])
def test_images_are_held_out_from_eight_on(count: int, kept_back: int) -> None:
    train_on, held_out = hold_out([discs(10, name=str(i)) for i in range(count)])
    assert len(held_out) == kept_back
    assert len(train_on) + len(held_out) == count


def test_an_interrupted_training_leaves_a_model(tmp_path: Path) -> None:
    steps = train_stardist(TrainingSet([discs(10)]), tmp_path, TINY)
    for progress in steps:
        if progress.done >= 0.6:
            break
    steps.close()
    assert (tmp_path / "checkpoint.pt").exists()
    found = StarDistModel.load(tmp_path).predict(discs(10).micrograph)
    assert found.labels.shape == (160, 160)


def test_a_finished_training_leaves_no_checkpoint_and_a_model_with_its_scale(tmp_path: Path) -> None:
    steps = train_stardist(TrainingSet([discs(12)]), tmp_path, TINY)
    run(steps)
    assert not (tmp_path / "checkpoint.pt").exists()
    assert StarDistModel.load(tmp_path).working_scale == pytest.approx(1, rel=0.05)
    with pytest.raises(UserError, match="finished model"):
        run(train_stardist(TrainingSet([discs(12)]), tmp_path, TINY))


def test_a_start_that_training_makes_worse_is_kept_with_its_outlines(tmp_path: Path) -> None:
    data = TrainingSet([discs(12)] * 3, held_out=[discs(11)])
    for name in ("first", "worse"):
        (tmp_path / name).mkdir()
    start = run(train_stardist(data, tmp_path / "first", TINY.replace(steps=40)))
    replace(start, foot_px=0.5).save(tmp_path / "start")
    settings = TINY.replace(network=None, start=str(tmp_path / "start"), steps=3, learning_rate=1.0)
    kept = run(train_stardist(data, tmp_path / "worse", settings))
    assert kept.foot_px == 0.5 and "which were kept" in kept.headline()["remark"]
    for before, after in zip(start.net.parameters(), kept.net.parameters(), strict=True):
        assert (before == after).all()


def test_held_out_particles_give_a_score_and_a_training_can_be_looked_at(tmp_path: Path) -> None:
    samples = TrainingSet([discs(12)], held_out=[discs(12, name="b")])
    (first, *_) = [progress.preview for progress in train_stardist(samples, tmp_path, TINY) if progress.preview]
    shown = first()
    assert shown.labels.shape == shown.micrograph.shape and max(shown.labels.shape) <= PREVIEW_PX
    with (tmp_path / LOG).open(newline="") as file:
        scores = [float(row["held_out_f1"]) for row in csv.DictReader(file)]
    assert len(scores) == 3 and all(0 <= score <= 1 for score in scores)


def test_a_perfect_network_scores_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = discs(12)
    source = Source(sample.micrograph.grey, sample.labels)
    found = SimpleNamespace(labels=sample.labels)
    monkeypatch.setattr(thresholds, "find_objects", lambda net, shown: found)
    assert thresholds.default_f1(None, [source, source]) == 1  # type: ignore[arg-type]
    found.labels = np.where(sample.labels > 3, 0, sample.labels)
    assert thresholds.default_f1(None, [source]) == pytest.approx(2 * 3 / (2 * 3 + 6))  # type: ignore[arg-type]
    assert math.isnan(thresholds.default_f1(None, []))  # type: ignore[arg-type]


def test_divergence_is_said_in_words(tmp_path: Path) -> None:
    wild = Source(np.full((64, 64), np.inf, np.float32), discs(10).labels[:64, :64])
    with pytest.raises(UserError, match="diverged"):
        run(train_network(Mix([wild]), HeldOut(), tmp_path, TINY))


def test_a_full_disk_ends_a_training_with_a_sentence_and_its_best_stays(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")  # not on Windows
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    steps = train_stardist(TrainingSet([discs(10)]), tmp_path, TINY)
    try:
        for _ in steps:
            if (tmp_path / LOG).is_file():
                break
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
        with pytest.raises(DiskError, match=r"cannot be written: .*MiB free"):
            run(steps)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert StarDistModel.load(tmp_path).detect(discs(10).micrograph).labels.shape == (160, 160)
    assert not list(tmp_path.glob(".*.part*"))
    run(train_stardist(TrainingSet([discs(10)]), tmp_path, TINY))  # goes on
    assert is_finished(tmp_path)


def test_thresholds_are_chosen_within_their_time(tmp_path: Path) -> None:
    run(train_stardist(TrainingSet([discs(12)]), tmp_path, TINY))
    net = StarDistModel.load(tmp_path).net
    source = Source(discs(12).micrograph.grey / 255, discs(12).labels)
    assert thresholds.choose_thresholds(net, [[], []]) == (0.5, 0.4)
    for seconds, least in ((0.0, 2), (math.inf, 2 * 3 + 6 * 3)):
        done = []
        steps = thresholds.choose_thresholds.steps(net, [[source] * 3, [source] * 3], seconds=seconds)
        prob, nms = run(steps, lambda progress, done=done: done.append(progress.done / progress.total))  # type: ignore[misc]
        assert done == sorted(done) and done[-1] < 1
        assert len(done) == least
        assert 0 < prob < 1 and (nms == 0.4 or seconds)


def test_a_training_by_time_includes_the_choice_of_thresholds(tmp_path: Path) -> None:
    began = time.monotonic()
    shown = list(train_stardist(TrainingSet([discs(12)] * 3), tmp_path, TINY.replace(steps=None, minutes=0.1)))
    assert time.monotonic() - began < 6 + 6
    done = [progress.done / progress.total for progress in shown]
    assert done == sorted(done)
    chosen = [progress.done for progress in shown if progress.message == "Choosing thresholds"]
    assert chosen and max(chosen) < 1
    assert StarDistModel.load(tmp_path).provenance["steps"] > 0
