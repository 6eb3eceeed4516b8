"""The training loop keeps to its time, and never makes a trained network worse."""

import math
import time

import pytest
import torch

from particleforge.models.card import CHECKPOINT
from particleforge.models.fit import Settings, Task, fit
from particleforge.models.fit_state import LEAST_STEPS
from particleforge.models.training_params import TrainingParams
from particleforge.step import Progress, part, run


class Climb(Task[torch.nn.Linear, torch.Tensor]):
    """Learns to make a number large; what is held out likes it large, small, or is not there."""

    def __init__(self, likes=1.0, begins_trained=True, step_s=0.0, validation_s=0.0):
        self._likes, self._begins_trained = likes, begins_trained
        self._step_s, self._validation_s = step_s, validation_s
        self.validated, self.improvements = [], []

    @property
    def begins_trained(self):
        return self._begins_trained

    def network(self):
        net = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(net.weight, 0.5)
        return net

    def batch(self, number, used):
        return torch.ones(1, 1)

    def loss(self, net, batch):
        time.sleep(self._step_s)
        return 100 - net(batch).sum()

    def validate(self, net):
        time.sleep(self._validation_s)
        self.validated.append(time.monotonic())
        return {"held_out_loss": 10 - self._likes * net.weight.item()}

    def improved(self, net):
        self.improvements.append(net.weight.item())


def settings(**budget):
    return Settings(TrainingParams.parse({"minutes": None, **budget}), 0.1)


def test_a_trained_network_is_kept_where_training_makes_it_worse(tmp_path):
    fitted = run(fit(Climb(likes=-1), tmp_path, settings(steps=30)))
    assert fitted.net.weight.item() == 0.5 and fitted.best_step == 0 and fitted.steps == 30
    assert "nothing better" in fitted.remark
    task, better = Climb(), tmp_path / "better"
    better.mkdir()
    fitted = run(fit(task, better, settings(steps=30)))
    assert fitted.net.weight.item() > 0.5 and fitted.best_step == 30 and fitted.remark == ""
    assert task.improvements[0] == 0.5  # there is a usable model from the beginning


def test_a_training_that_hardly_began_says_so(tmp_path):
    slow = Climb(step_s=0.5)
    fitted = run(fit(slow, tmp_path, settings(minutes=0.02)))
    assert 0 < fitted.steps < LEAST_STEPS and fitted.hurried
    assert f"Only {fitted.steps} training step" in fitted.remark and "hardly learned anything" in fitted.remark


def test_the_least_steps_are_done_when_the_time_is_over_and_it_says_so(tmp_path):
    slow = Climb(step_s=0.1)
    fitted = run(fit(slow, tmp_path, settings(minutes=0.01, least_steps=25)))
    assert fitted.steps == 25 and not fitted.hurried and fitted.best_step == 25
    assert "slow or busy" in fitted.remark and "25 training steps" in fitted.remark


def test_the_least_steps_change_nothing_where_there_is_time(tmp_path):
    fitted = run(fit(Climb(step_s=0.01), tmp_path, settings(minutes=0.02, least_steps=25)))
    assert fitted.steps > 40 and fitted.remark == ""


def test_steps_that_were_asked_for_end_a_training_before_the_least_steps(tmp_path):
    assert run(fit(Climb(), tmp_path, settings(minutes=1, steps=3, least_steps=25))).steps == 3


@pytest.mark.parametrize(("likes", "words"), [(-1.0, "nothing better was found"), (math.nan, "the one it began with")])
def test_too_few_steps_without_gain_leave_the_weights_as_they_were(tmp_path, likes, words):
    fitted = run(fit(Climb(likes, step_s=0.4), tmp_path, settings(minutes=0.02)))
    assert fitted.steps < LEAST_STEPS and words in fitted.remark
    assert fitted.net.weight.item() == 0.5


def test_few_steps_that_were_asked_for_are_enough(tmp_path):
    fitted = run(fit(Climb(math.nan), tmp_path, settings(steps=2)))
    assert not fitted.hurried and fitted.remark == "" and fitted.net.weight.item() > 0.5


def test_validations_take_a_small_share_and_the_last_one_is_in_time(tmp_path):
    task, began = Climb(step_s=0.02, validation_s=0.3), time.monotonic()
    run(fit(task, tmp_path, settings(minutes=0.1, validations=1000)))
    assert time.monotonic() - began < 6 + 1.5
    assert 2 <= len(task.validated) <= 6


def test_an_older_checkpoint_is_continued(tmp_path):
    steps = fit(Climb(), tmp_path, settings(steps=30))
    for _ in range(10):
        next(steps)
    steps.close()
    saved = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert saved.pop("best_step") >= 0
    torch.save(saved, tmp_path / CHECKPOINT)
    assert run(fit(Climb(), tmp_path, settings(steps=30))).steps == 30


def test_a_part_of_a_step_has_its_share_of_the_progress():
    def inner():
        yield Progress(0, 4, "a")
        yield Progress(4, 4, "b")
        return 7

    def outer():
        first = yield from part(inner(), 0, 0.5)
        return first + (yield from part(inner(), 0.5, 1))

    seen = []
    assert run(outer(), seen.append) == 14
    assert [(one.done, one.message) for one in seen] == [(0, "a"), (0.5, "b"), (0.5, "a"), (1, "b")]
