"""Process many items, in processes that may die."""

import os
import pickle
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Hashable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Protocol, Self, TypeVar

from particleforge.errors import UserError

ItemT = TypeVar("ItemT", bound=Hashable)
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Lost:
    """A process died while it was processing an item, which another process gets next.

    Parameters
    ----------
    code
        Exit code of the process; -9 = killed by signal 9.
    times
        How many processes have died on this item so far.
    """

    code: int | None
    times: int


class Executor(Protocol):
    """Where items are processed: in this process, in others of this machine, or on other machines."""

    def each(
        self, call: Callable[[ItemT], ResultT], items: Sequence[ItemT], tries: int | None = None
    ) -> Generator[tuple[ItemT, ResultT | Lost]]:
        """Call a function with each item; yield results as they arrive, and every loss of a process.

        What the function raises is raised here.

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


@dataclass(frozen=True)
class Local:
    """Processes of this machine, which share its cores unless ``OMP_NUM_THREADS`` says how many threads each starts.

    Parameters
    ----------
    workers
        Number of processes; 1: items are processed in this process.
    """

    workers: int = 1

    def each(
        self, call: Callable[[ItemT], ResultT], items: Sequence[ItemT], tries: int | None = None
    ) -> Generator[tuple[ItemT, ResultT | Lost]]:
        """See `Executor`."""
        workers = min(self.workers, len(items))
        return _in_processes(call, items, workers, tries) if workers > 1 else ((item, call(item)) for item in items)


def is_picklable(call: Callable[..., Any]) -> bool:
    """Whether a function, with what it holds, can be sent to another process."""
    try:
        pickle.dumps(call)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _in_processes(
    call: Callable[[ItemT], ResultT], items: Sequence[ItemT], workers: int, tries: int | None
) -> Generator[tuple[ItemT, ResultT | Lost]]:
    """Give each process one item and one pipe of its own; the function is sent to each once.

    So it is known on which item a process died, and the others do not hang if one is killed while sending a result, as
    can happen with a `ProcessPoolExecutor`.
    """
    waiting, deaths = deque(items), Counter[ItemT]()
    pickled, threads = pickle.dumps(call), max(1, (os.cpu_count() or 1) // workers)
    with ExitStack() as started:

        def start() -> _Worker[ItemT, ResultT]:
            return started.enter_context(_Worker(pickled, threads))

        free: list[_Worker[ItemT, ResultT]] = []
        busy: dict[object, tuple[_Worker[ItemT, ResultT], ItemT]] = {}

        def hand_out() -> None:
            while waiting and (free or len(busy) < workers):
                worker, item = free.pop() if free else start(), waiting.popleft()
                worker.give(item)
                busy[worker.pipe] = worker, item

        hand_out()
        while busy:
            for pipe in wait([worker.pipe for worker, _ in busy.values()]):
                worker, item = busy.pop(pipe)
                answer = worker.answer()
                if answer is None:
                    deaths[item] += 1
                    if tries is None or deaths[item] < tries:
                        waiting.appendleft(item)
                    yield item, Lost(worker.exit_code, deaths[item])
                    hand_out()
                else:
                    free.append(worker)
                    hand_out()  # no process is idle while the caller handles the result
                    yield item, answer.value


@dataclass(frozen=True)
class _Answer(Generic[ResultT]):
    result: ResultT | None
    error: Exception | None = None

    @property
    def value(self) -> ResultT:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]


class _Worker(Generic[ItemT, ResultT]):
    """One process with a pipe; used as a context manager, it ends with the block, after its item."""

    def __init__(self, pickled: bytes, threads: int) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, pickled, threads))
        self._process.start()
        theirs.close()  # otherwise this end would not notice that the process is gone

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()
        self._process.join()
        self._process.close()

    @property
    def exit_code(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def give(self, item: ItemT) -> None:
        """Send an item; if the process is gone, `answer` notices it."""
        with suppress(OSError):
            self.pipe.send(item)

    def answer(self) -> _Answer[ResultT] | None:
        """Wait for the result of the item; None: the process died."""
        try:
            answer: _Answer[ResultT] = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return answer


def _serve(pipe: Connection, pickled: bytes, threads: int) -> None:
    """Process items until there are no more."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # read by libraries that unpickling imports
    with suppress(EOFError, OSError, KeyboardInterrupt):
        call = pickle.loads(pickled)
        while True:
            item = pipe.recv()
            try:
                answer = _Answer(call(item))
            except UserError as error:
                answer = _Answer(None, error)
            except Exception as error:
                pipe.send(_Answer(None, error))
                raise  # for the log, with its traceback
            pipe.send(answer)


def _end_with_parent() -> None:
    """End this process immediately if its parent was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
