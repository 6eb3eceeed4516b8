"""What every executor does, and what it reports."""

import pickle
from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from particleforge.errors import UserError

ItemT = TypeVar("ItemT", bound=Hashable)
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Lost:
    """A process died while it was processing an item, which another process gets next.

    Parameters
    ----------
    code
        Exit code of the process; -9 = killed by signal 9; None: it was on another machine.
    times
        How many processes have died on this item so far.
    """

    code: int | None
    times: int

    def __str__(self) -> str:
        """Return what became of the process, to follow its name."""
        return "was lost" if self.code is None else f"ended with {self.code}"


class Unavailable(UserError):
    """Nobody can process items at present; it says nothing about an item."""


class Executor(Protocol):
    """Where items are processed: in this process, in others of this machine, or on other machines."""

    def each(
        self, call: Callable[[ItemT], ResultT], items: Sequence[ItemT], tries: int | None = None
    ) -> Generator[tuple[ItemT, ResultT | Lost]]:
        """Call a function with each item; yield results as they arrive, and every loss of a process.

        What the function raises is raised here. If the generator is closed, what is being processed is done first, so
        that nothing is written afterwards.

        Parameters
        ----------
        call
            Picklable.
        items
            What to call it with.
        tries
            Number of processes that may die on an item before it is given up; None: a lost item is tried again for as
            long as the caller continues this generator.
        """
        ...


def is_picklable(call: Callable[..., Any]) -> bool:
    """Whether a function, with what it holds, can be sent to another process."""
    try:
        pickle.dumps(call)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True
