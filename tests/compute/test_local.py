"""Items are worked on in this process, or in several; what comes of it is the same."""

import os

import pytest

from particleforge.compute import Executor, Local


def where(item):
    return item**2, os.getpid()


def test_one_worker_is_this_process():
    executor: Executor = Local()
    assert list(executor.each(where, [1, 2, 3])) == [(i, (i**2, os.getpid())) for i in (1, 2, 3)]


def test_a_single_item_needs_no_other_process():
    assert list(Local(8).each(where, [5])) == [(5, (25, os.getpid()))]


def test_several_workers_give_the_same():
    found = list(Local(2).each(abs, [-1, -2, -3]))
    assert sorted(found) == [(-3, 3), (-2, 2), (-1, 1)]


def test_items_are_worked_on_as_they_are_asked_for():
    done = []
    steps = Local().each(done.append, ["a", "b"])
    next(steps)
    assert done == ["a"]


def test_an_error_comes_through():
    with pytest.raises(ZeroDivisionError):
        list(Local().each(lambda item: 1 // item, [1, 0]))


@pytest.mark.parametrize(("given", "seen"), [("7", "7"), (None, str(max(1, (os.cpu_count() or 1) // 2)))])
def test_processes_share_the_cores_unless_a_number_of_threads_is_given(monkeypatch, given, seen):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert [value for _, value in Local(2).each(os.getenv, ["OMP_NUM_THREADS"] * 2)] == [seen, seen]
