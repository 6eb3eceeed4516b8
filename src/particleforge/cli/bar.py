"""Progress on standard error: a bar with the time left on a terminal, else a line now and then."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

from tqdm import tqdm

from particleforge.step import Progress, Step, run

T = TypeVar("T")

FORMAT = "{percentage:3.0f}% |{bar:24}| {elapsed}<{remaining}  {desc}"
EVERY_S = 10.0
"""Seconds between two lines where there is no terminal, as in a log of a queue."""


class Bar:
    """Shows progress reports as a bar."""

    def __call__(self, progress: Progress) -> None:
        """Show a report."""
        drawn = self._drawn
        drawn.set_description_str(progress.message, refresh=False)
        share = _share(progress)
        if share < drawn.n:
            drawn.reset(1.0)
        drawn.update(share - drawn.n)

    def close(self) -> None:
        """Leave the bar on the screen as it is."""
        if "_drawn" in vars(self):
            with suppress(OSError):  # the terminal may be gone
                self._drawn.close()

    @cached_property
    def _drawn(self) -> "tqdm[Any]":
        return tqdm(total=1.0, bar_format=FORMAT, dynamic_ncols=True, mininterval=0.3)


class Lines:
    """Shows the first and the last progress report as lines, and one now and then."""

    def __init__(self) -> None:
        self._due, self._waiting = time.monotonic(), ""

    def __call__(self, progress: Progress) -> None:
        """Show a report if the last one was some time ago."""
        self._waiting = f"{100 * _share(progress):3.0f}%  {progress.message}\n" if progress.message else ""
        if time.monotonic() >= self._due:
            self.close()

    def close(self) -> None:
        """Show what was not shown yet."""
        if self._waiting:
            with suppress(OSError, ValueError):  # the reader may be gone
                sys.stderr.write(self._waiting)
                sys.stderr.flush()
        self._due, self._waiting = time.monotonic() + EVERY_S, ""


def run_with_bar(step: Step[T], cancelled: Callable[[], bool] = lambda: False) -> T:
    """Run a step to its end, show its progress, and return its result; `cancelled` is as in `run`."""
    shown = Bar() if sys.stderr.isatty() else Lines()
    try:
        return run(step, shown, cancelled)
    finally:
        shown.close()


def _share(progress: Progress) -> float:
    return progress.done / progress.total if progress.total else 1.0
