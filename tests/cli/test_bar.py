"""Progress where nobody looks at a terminal."""

import pytest

from particleforge.cli import bar
from particleforge.cli.bar import run_with_bar
from particleforge.errors import UserError
from particleforge.step import Progress


def step(count, error=None):
    for number in range(count):
        yield Progress(number + 1, count, f"image {number}")
    if error:
        raise error


def test_a_log_has_the_first_and_the_last_line(capsys):
    run_with_bar(step(100))
    assert capsys.readouterr().err == "  1%  image 0\n100%  image 99\n"


def test_a_log_has_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(bar, "EVERY_S", 0.0)
    run_with_bar(step(3))
    assert capsys.readouterr().err.count("\n") == 3


def test_nothing_stays_before_an_error(capsys):
    with pytest.raises(UserError):
        run_with_bar(step(0, UserError("no")))
    assert capsys.readouterr().err == ""
