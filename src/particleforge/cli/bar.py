"""A progress bar with the time left."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

from particleforge.step import Progress, Report, Step, run

T = TypeVar("T")

FORMAT = "{percentage:3.0f}% |{bar:24}| {elapsed}<{remaining}  {desc}"


@contextmanager
def bar() -> Iterator[Report]:
    """Report that draws a bar on the terminal's error stream, one line per stage elsewhere."""
    with tqdm(total=1.0, bar_format=FORMAT, dynamic_ncols=True, mininterval=0.3) as drawn:

        def report(progress: Progress) -> None:
            drawn.set_description_str(progress.message, refresh=False)
            share = progress.done / progress.total if progress.total else 1.0
            if share < drawn.n:
                drawn.reset(1.0)
            drawn.update(share - drawn.n)

        yield report


def run_with_bar(step: Step[T]) -> T:
    """Run a step to its end, with a bar; return what it gives."""
    with bar() as report:
        return run(step, report)
