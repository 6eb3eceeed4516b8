"""A progress bar with the time left."""

from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

from tqdm import tqdm

from particleforge.step import Progress, Step, run

T = TypeVar("T")

FORMAT = "{percentage:3.0f}% |{bar:24}| {elapsed}<{remaining}  {desc}"


class Bar:
    """Shows progress reports on standard error: a bar on a terminal, otherwise a line per stage."""

    def __call__(self, progress: Progress) -> None:
        """Show a report."""
        drawn = self._drawn
        drawn.set_description_str(progress.message, refresh=False)
        share = progress.done / progress.total if progress.total else 1.0
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


def run_with_bar(step: Step[T]) -> T:
    """Run a step to its end with a progress bar and return its result."""
    bar = Bar()
    try:
        return run(step, bar)
    finally:
        bar.close()
