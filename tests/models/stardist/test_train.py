import csv
import threading
import time

import numpy as np
import pytest
import torch

from particleforge.errors import UserError
from particleforge.models.card import CHECKPOINT, LOG
from particleforge.models.detector_task import HeldOut, Mix
from particleforge.models.fit import made_ahead
from particleforge.models.patches import Source
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.train import train_network
from particleforge.models.stardist.train_params import TrainParams
from particleforge.step import run

TINY = StarDistConfig(
    n_rays=8, unet_n_depth=1, unet_n_filter_base=4, net_conv_after_unet=8, unet_batch_norm=True, grid=(2, 2)
)
PARAMS = TrainParams(network=TINY, minutes=None, steps=40, patch_px=32, batch_size=4, validations=4, learning_rate=0.01)


def circles(seed):
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((48, 56))
    labels = np.zeros(rows.shape, np.uint32)
    for label, x in ((1, 14), (2, 40)):
        labels[np.hypot(rows - rng.uniform(15, 33), columns - x) <= rng.uniform(8, 11)] = label
    image = 0.8 * (labels > 0) + 0.05 * rng.standard_normal(labels.shape)
    return Source(image.astype(np.float32), labels)


REAL, SYNTHETIC, HELD_OUT = ([circles(seed) for seed in seeds] for seeds in (range(3), range(10, 14), range(20, 22)))


def trained(out, params=PARAMS, real=REAL, synthetic=SYNTHETIC, held_out=HELD_OUT):
    return run(train_network(Mix(real, synthetic), HeldOut(held_out), out, params)).net


def log_of(folder):
    with (folder / LOG).open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def same(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_circles_are_learnt(tmp_path):
    net = trained(tmp_path, PARAMS.replace(steps=50, validations=25, diameter_px=9, learning_rate=0.03))
    rows = log_of(tmp_path)
    assert rows[-1]["step"] == 50
    assert rows[-1]["held_out_loss"] < 0.65 * rows[0]["held_out_loss"]
    assert not net.training
    with torch.inference_mode():
        prob = torch.sigmoid(net(torch.from_numpy(HELD_OUT[0].image)[None, None])[0])[0, 0].numpy()
    inside = HELD_OUT[0].labels[::2, ::2] > 0
    assert prob[inside].mean() > 2 * prob[~inside].mean()


def test_the_seed_decides_about_the_weights(tmp_path):
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    params = PARAMS.replace(steps=12)
    one, two = trained(folders[0], params), trained(folders[1], params)
    assert same(one, two)
    assert not same(one, trained(folders[2], params.replace(seed=1)))


def test_random_numbers_of_others_are_left_alone(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained(tmp_path, PARAMS.replace(steps=2))
    assert torch.equal(torch.rand(3), expected)


def test_an_interrupted_training_goes_on_to_the_same_end(tmp_path):
    (tmp_path / "straight").mkdir()
    (tmp_path / "broken").mkdir()
    params = PARAMS.replace(steps=16, validations=1)
    straight = trained(tmp_path / "straight", params)
    steps = train_network(Mix(REAL, SYNTHETIC), HeldOut(HELD_OUT), tmp_path / "broken", params)
    for _ in range(7):
        next(steps)
    steps.close()
    assert torch.load(tmp_path / "broken" / CHECKPOINT, weights_only=True)["step"] == 7
    rest = list(train_network(Mix(REAL, SYNTHETIC), HeldOut(HELD_OUT), tmp_path / "broken", params))
    assert len(rest) == 9
    assert rest[-1].done == rest[-1].total == 1
    ends = [torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("straight", "broken")]
    assert [end["step"] for end in ends] == [16, 16]
    for name, weights in ends[0]["net"].items():
        torch.testing.assert_close(weights, ends[1]["net"][name])
    assert same(straight, trained(tmp_path / "straight", params))


def test_progress_grows_to_one(tmp_path):
    done = [progress.done for progress in train_network(Mix(REAL), HeldOut(), tmp_path, PARAMS.replace(steps=5))]
    assert done == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])


def test_time_is_a_budget_too(tmp_path):
    began = time.monotonic()
    trained(tmp_path, PARAMS.replace(steps=None, minutes=0.02))
    assert 1 < time.monotonic() - began < 20


@pytest.mark.parametrize(("real", "synthetic"), [(REAL, []), ([], SYNTHETIC)])
@pytest.mark.parametrize("real_share", [0, 1])
def test_one_kind_of_source_is_enough(tmp_path, real, synthetic, real_share):
    trained(tmp_path, PARAMS.replace(steps=3, real_share=real_share, real_first=0), real, synthetic, [])
    assert np.isnan(log_of(tmp_path)[-1]["held_out_loss"])


def test_partly_known_sources_work(tmp_path):
    known = [Source(s.image, s.labels, (s.labels > 0) | (np.arange(56) < 20)) for s in REAL]
    trained(tmp_path, PARAMS.replace(steps=3), known, [], known[:1])
    assert np.isfinite(log_of(tmp_path)[-1]["held_out_loss"])


def test_without_sources_or_budget_there_is_no_training(tmp_path):
    with pytest.raises(UserError, match="no image to train on"):
        trained(tmp_path, real=[], synthetic=[])
    with pytest.raises(UserError, match="Neither minutes nor steps"):
        trained(tmp_path, PARAMS.replace(steps=None))
    assert not list(tmp_path.iterdir())


def test_batches_come_in_order_and_stop_cleanly():
    begun, before = [], threading.active_count()

    def make(number):
        begun.append(number)
        time.sleep(0.005)
        return number

    batches = made_ahead(make, ahead=3)
    assert [next(batches) for _ in range(5)] == [0, 1, 2, 3, 4]
    batches.close()
    count = len(begun)
    assert 5 <= count <= 9
    assert begun == list(range(count))
    time.sleep(0.05)
    assert len(begun) == count
    assert threading.active_count() == before


def test_an_error_in_a_batch_reaches_the_training():
    def make(number):
        if number == 2:
            raise UserError("broken image")
        return number

    batches = made_ahead(make)
    assert [next(batches), next(batches)] == [0, 1]
    with pytest.raises(UserError, match="broken image"):
        next(batches)


@pytest.mark.parametrize("half", [False, True])
def test_patches_of_a_pool_teach_as_well(tmp_path, half):
    params = PARAMS.replace(steps=50, validations=25, diameter_px=9, learning_rate=0.03, workers=1, half=half)
    net = trained(tmp_path, params.replace(real_share=0.5, shapes_share=0))
    rows = log_of(tmp_path)
    assert rows[-1]["step"] == 50
    assert rows[-1]["held_out_loss"] < 0.65 * rows[0]["held_out_loss"]
    assert all(parameter.dtype == torch.float32 for parameter in net.parameters())
    assert threading.active_count() < 20


def test_the_average_follows_the_weights_over_as_many_steps_as_asked_for(tmp_path):
    quick, slow = (tmp_path / name for name in ("quick", "slow"))
    quick.mkdir()
    slow.mkdir()
    last = trained(quick, PARAMS.replace(averaged_steps=1), held_out=[])
    mean = trained(slow, PARAMS.replace(averaged_steps=1000), held_out=[])
    kept = torch.load(quick / CHECKPOINT, weights_only=True)["net"]
    assert all(torch.equal(kept[name], weights) for name, weights in last.named_parameters())
    assert not same(last, mean)
