"""What was added to a file is read back, however the process ended."""

import json

import pytest

from particleforge.store.journal import Journal

LINES = [{"name": "µ\n\u2028", "entry": {"count": 3}}, {"name": "b", "inputs": None}, [1.5]]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "summary.json"
    path.write_text("{}")
    return path


def test_lines_are_read_as_they_were_added(file):
    assert Journal(file).lines() == []
    for line in LINES:
        Journal(file).add(line)
    assert Journal(file).lines() == LINES
    Journal(file).clear()
    assert Journal(file).lines() == [] and [path.name for path in file.parent.iterdir()] == ["summary.json"]


def test_a_journal_that_ends_anywhere_holds_its_whole_lines(file):
    for line in LINES:
        Journal(file).add(line)
    whole = Journal(file).path.read_bytes()
    for end in range(len(whole) + 1):
        Journal(file).path.write_bytes(whole[:end])
        assert Journal(file).lines() == LINES[: max(0, whole[:end].count(b"\n") - 1)]


def test_lines_added_to_an_earlier_version_are_left_alone(file):
    Journal(file).add(LINES[0])
    file.write_text(json.dumps({"complete": True}))
    assert Journal(file).lines() == []
