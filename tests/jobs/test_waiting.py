"""Children that are there before their task is known."""

import time

import psutil
import pytest

from particleforge.jobs.job import Job
from particleforge.jobs.messages import Task
from particleforge.jobs.waiting import Waiting
from particleforge.store.dataset import Dataset

LIMIT_S = 60
QUICK = "particleforge.seeds:stream"
"""It cannot be called without arguments: a failed warm-up is no reason to fail."""


def drawing(out):
    recipe = {"kind": "shapes", "height_px": 48, "width_px": 48}
    return Task(
        call="particleforge.workflows.synthesize:synthesize",
        args={"recipe": recipe, "out": str(out)},
        params={"count": 2, "samples_per_shard": 1},
    )


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def waiting():
    child = Waiting(QUICK, {"PARTICLEFORGE_DEVICE": "cpu"})
    yield child
    child.close()


def test_a_waiting_child_runs_the_job(tmp_path, waiting):
    pid = waiting.pid
    job = Job(drawing(tmp_path / "drawn"), environment={"PARTICLEFORGE_DEVICE": "cpu"}, waiting=waiting)
    assert job.pid == pid and waiting.pid is None
    job.wait(LIMIT_S)
    assert len(Dataset.open(tmp_path / "drawn")) == 2


@pytest.mark.parametrize("why", ["died", "environment"])
def test_a_child_that_cannot_be_used_is_replaced(tmp_path, waiting, why):
    pid, environment = waiting.pid, {"PARTICLEFORGE_DEVICE": "cpu"}
    if why == "died":
        psutil.Process(pid).kill()
        until = time.monotonic() + LIMIT_S
        while alive(pid) and time.monotonic() < until:
            time.sleep(0.01)
    else:
        environment = {}
    job = Job(drawing(tmp_path / "drawn"), environment=environment, waiting=waiting)
    assert job.pid != pid and not alive(pid)
    job.wait(LIMIT_S)


def test_a_closed_child_is_gone(waiting):
    pid = waiting.pid
    assert alive(pid)
    waiting.close()
    assert not alive(pid) and waiting.pid is None
