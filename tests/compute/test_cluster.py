"""Workers of a Dask cluster give what one process gives, whatever happens to them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cloudpickle
import pytest
from distributed import Client, LocalCluster

from particleforge.compute import Executor, Lost, Workers, cluster
from particleforge.compute.cluster import Cluster
from particleforge.errors import UserError

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker can import this file


def where(item):
    return item**2, os.getpid()


def dying(item, traps):
    """Kill the process of item 5 while a folder holds a trap."""
    if item == 5 and (left := sorted(Path(traps).glob("*"))):
        left[0].unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def executor(address, *shared):
    made: Executor = Workers(scheduler=address).executor(shared)
    assert isinstance(made, Cluster)
    return made


def test_items_are_processed_by_the_workers_in_any_order(dask_cluster):
    found = dict(executor(dask_cluster).each(where, range(10)))
    assert {item: square for item, (square, _) in found.items()} == {item: item**2 for item in range(10)}
    assert len({process for _, process in found.values()} - {os.getpid()}) == 2


def test_the_scheduler_knows_no_more_items_than_there_are_workers(dask_cluster):
    with Client(dask_cluster, set_as_default=False) as client:
        known = []
        for _ in executor(dask_cluster).each(abs, range(60)):
            known.append(client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))
        assert len(known) == 60 and max(known) <= 4  # two new, two about to be forgotten


def test_paths_are_those_of_this_process(dask_cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    list(executor(dask_cluster).each(lambda name: Path(name).touch(), ["a", "b"]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.slow
def test_an_item_whose_worker_was_killed_is_processed_by_another(dask_cluster, tmp_path):
    for name in "ab":
        (tmp_path / name).touch()
    answers = list(executor(dask_cluster).each(lambda item: dying(item, tmp_path), range(8)))
    assert [answer for answer in answers if isinstance(answer[1], Lost)] == [(5, Lost(None, 1)), (5, Lost(None, 2))]
    assert sorted(item for item, answer in answers if answer == item) == list(range(8))


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.slow
def test_an_item_that_kills_all_is_given_up(dask_cluster, tmp_path):
    for name in "abc":
        (tmp_path / name).touch()
    answers = list(executor(dask_cluster).each(lambda item: dying(item, tmp_path), range(8), tries=2))
    assert [answer for item, answer in answers if item == 5] == [Lost(None, 1), Lost(None, 2)]
    assert len(answers) == 9 and len(list(tmp_path.iterdir())) == 1


def test_an_error_comes_through(dask_cluster):
    with pytest.raises(ZeroDivisionError):
        list(executor(dask_cluster).each(lambda item: 1 // item, [1, 0]))
    with pytest.raises(UserError, match=r"^Too large\. Make it smaller\.$"):
        list(executor(dask_cluster).each(complain, [1]))


def complain(_):
    raise UserError("Too large.", "Make it smaller.")


def test_nothing_is_written_after_the_end(dask_cluster, tmp_path):
    def slowly(item):
        time.sleep(0.2)
        (tmp_path / str(item)).touch()

    steps = executor(dask_cluster).each(slowly, range(100))
    next(steps)
    steps.close()
    written = len(list(tmp_path.iterdir()))
    assert 1 <= written <= 4
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) == written


def test_nothing_to_do_needs_no_scheduler():
    assert list(executor("tcp://127.0.0.1:9").each(abs, [])) == []


def test_a_wrong_address_is_a_sentence(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECTING_S", 1)
    with pytest.raises(UserError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9\. Check the address"):
        list(executor("tcp://127.0.0.1:9").each(abs, [1]))
    with pytest.raises(UserError, match=r"scheduler = .node01."):
        Workers.parse({"scheduler": "node01"})
    with pytest.raises(UserError, match="give one of the two"):
        Workers.parse({"scheduler": "tcp://node01:8786", "workers": 2})


def test_a_file_that_a_worker_does_not_see_is_a_sentence(dask_cluster):
    if sys.platform != "linux":
        pytest.skip("names of open files")
    number = 250
    os.dup2(0, number)
    try:
        seen_here = Path(f"/proc/self/fd/{number}")
        with pytest.raises(UserError, match=f"The worker tcp://.* does not see {seen_here}. Run the command in"):
            list(executor(dask_cluster, seen_here).each(abs, [1]))
    finally:
        os.close(number)


def install(folder, name, version):
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_another_version_on_a_worker_is_a_sentence(dask_cluster, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, cluster.PACKAGE, "9.9")
    with pytest.raises(UserError, match=r"has ParticleForge 0\..*, and this computer has 9\.9\. Install the same"):
        list(executor(dask_cluster).each(abs, [1]))
    install(tmp_path, "only-here", "1.0")
    monkeypatch.setattr(cluster, "PACKAGE", "only-here")
    with pytest.raises(UserError, match=r"has no ParticleForge\. Install version 1\.0 there"):
        list(executor(dask_cluster).each(abs, [1]))


def test_a_package_that_a_worker_lacks_is_a_sentence(dask_cluster, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "only_here.py").write_text("def double(item): return 2 * item")
    import only_here

    with pytest.raises(UserError, match=r"cannot load what it has to do: No module named 'only_here'\. Install"):
        list(executor(dask_cluster).each(only_here.double, [1]))


def test_a_scheduler_without_workers_is_a_sentence(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_S", 0.1)
    with (
        LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        pytest.raises(UserError, match=r"has had no worker for 0\.1 s\. Start workers: `dask worker tcp://"),
    ):
        list(executor(empty.scheduler_address).each(abs, [1]))


@pytest.mark.slow
@pytest.mark.parametrize("end", [subprocess.Popen.terminate, subprocess.Popen.kill])
def test_a_scheduler_that_ends_is_a_sentence(tmp_path, end):
    def start(part, *words):
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *words, "--dashboard-address", ":0"]
        return subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)

    file = tmp_path / "scheduler.json"
    scheduler = start("scheduler", "--port", "0", "--scheduler-file", str(file))
    worker = start("worker", "--scheduler-file", str(file), "--nthreads", "1")
    try:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        steps = executor(json.loads(file.read_text())["address"]).each(time.sleep, [0.0, 60.0])
        assert next(steps) == (0.0, None)
        end(scheduler)
        with pytest.raises(UserError, match=r"has ended, or has cancelled the work\. Start it and its workers"):
            list(steps)
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
