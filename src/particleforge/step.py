"""Long computations as generators that report progress and return their result."""

import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

from particleforge.errors import Cancelled

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True)
class Progress:
    """How far a step has progressed.

    Parameters
    ----------
    done, total
        Work done and total work, in the unit of the step (samples, seconds, tiles).
    message
        One readable line.
    preview
        The result so far, for example an array; a function that computes it when it is displayed; or None.
    """

    done: float
    total: float
    message: str = ""
    preview: Any = None


Step: TypeAlias = Generator[Progress, None, T]
"""A generator that yields only `Progress` and returns its result."""


def part(step: Step[T], first: float, last: float) -> Step[T]:
    """Run a step as part of a longer one, from the share `first` of the whole to the share `last`."""
    try:
        while True:
            try:
                inner = next(step)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            share = inner.done / inner.total if inner.total else 1.0
            yield Progress(first + (last - first) * share, 1.0, inner.message, inner.preview)
    finally:
        step.close()


Report: TypeAlias = Callable[[Progress], object]


def run(step: Step[T], report: Report = lambda _: None, cancelled: Callable[[], bool] = lambda: False) -> T:
    """Run a step to its end and return its result; the step is closed whatever happens.

    Raises
    ------
    Cancelled
        Once `cancelled()` is true; it is checked between two reports of the step.
    """
    try:
        while not cancelled():
            try:
                progress = next(step)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            report(progress)
        raise Cancelled
    finally:
        step.close()


class Stepwise(Generic[P, T]):
    """A function whose body is a step: a plain call runs it to its end, `steps` returns the generator."""

    def __init__(self, steps: Callable[P, Step[T]]) -> None:
        functools.update_wrapper(self, steps)
        self.steps = steps

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the whole step and return its result."""
        return run(self.steps(*args, **kwargs))


def stepwise(steps: Callable[P, Step[T]]) -> Stepwise[P, T]:
    """Make a generator function callable as a plain function; see `Stepwise`."""
    return Stepwise(steps)
