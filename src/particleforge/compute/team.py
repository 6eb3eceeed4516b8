"""Hand out items to processes that may die: the same for those of this machine and of others."""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol

from particleforge.compute.executor import ItemT, Lost, ResultT


@dataclass(frozen=True)
class Answer(Generic[ResultT]):
    """What came of an item: a result, or what the function raised."""

    result: ResultT | None
    error: BaseException | None = None

    @property
    def value(self) -> ResultT:
        """The result; an error is raised."""
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]


@dataclass(frozen=True)
class Death:
    """The process that had an item is gone; `code` is its exit code, if known."""

    code: int | None = None


class Team(AbstractContextManager["Team[ItemT, ResultT]"], Protocol[ItemT, ResultT]):
    """Processes that have the function, each with one item at a time; they end with the block, after their items."""

    @property
    def has_free(self) -> bool:
        """Whether an item can be given to a process."""
        ...

    @property
    def is_busy(self) -> bool:
        """Whether any process has an item."""
        ...

    def give(self, item: ItemT) -> None:
        """Give an item to a free process."""
        ...

    def answers(self) -> Iterator[tuple[ItemT, Answer[ResultT] | Death]]:
        """Wait until something happens, then yield the items that processes are done with, if there are any."""
        ...


def hand_out(
    make: Callable[[], Team[ItemT, ResultT]], items: Sequence[ItemT], tries: int | None
) -> Generator[tuple[ItemT, ResultT | Lost]]:
    """Give each process of a team one item after the other; see `Executor.each`.

    So it is known on which item a process died, and no more items are on their way than there are processes.
    """
    if not items:
        return
    waiting, deaths = deque(items), Counter[ItemT]()
    with make() as team:

        def give() -> None:
            while waiting and team.has_free:
                team.give(waiting.popleft())

        give()
        while waiting or team.is_busy:
            for item, answer in team.answers():
                if isinstance(answer, Death):
                    deaths[item] += 1
                    if tries is None or deaths[item] < tries:
                        waiting.appendleft(item)
                    yield item, Lost(answer.code, deaths[item])
                    give()
                else:
                    give()  # no process is idle while the caller handles the result
                    yield item, answer.value
            give()
