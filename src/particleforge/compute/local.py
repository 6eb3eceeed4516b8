"""Process items in processes of this machine."""

import os
import pickle
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Generic, Self

from particleforge.compute.executor import ItemT, Lost, ResultT
from particleforge.compute.team import Answer, Death, hand_out
from particleforge.errors import UserError


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
        if workers > 1:
            return hand_out(partial(_Processes, call, workers), items, tries)
        return ((item, call(item)) for item in items)


class _Processes(Generic[ItemT, ResultT]):
    """Processes that start when they are needed, each with one pipe of its own; see `Team`.

    So the others do not hang if one is killed while sending a result, as can happen with a `ProcessPoolExecutor`.
    """

    def __init__(self, call: Callable[[ItemT], ResultT], workers: int) -> None:
        self._workers, self._started = workers, ExitStack()
        self._pickled, self._threads = pickle.dumps(call), max(1, (os.cpu_count() or 1) // workers)
        self._free: list[_Worker[ItemT, ResultT]] = []
        self._busy: dict[object, tuple[_Worker[ItemT, ResultT], ItemT]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    @property
    def has_free(self) -> bool:
        return bool(self._free) or len(self._busy) < self._workers

    @property
    def is_busy(self) -> bool:
        return bool(self._busy)

    def give(self, item: ItemT) -> None:
        worker = self._free.pop() if self._free else self._start()
        worker.give(item)
        self._busy[worker.pipe] = worker, item

    def answers(self) -> Iterator[tuple[ItemT, Answer[ResultT] | Death]]:
        for pipe in wait([worker.pipe for worker, _ in self._busy.values()]):
            worker, item = self._busy.pop(pipe)
            answer = worker.answer()
            if isinstance(answer, Answer):
                self._free.append(worker)
            yield item, answer

    def _start(self) -> "_Worker[ItemT, ResultT]":
        return self._started.enter_context(_Worker(self._pickled, self._threads))


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

    def give(self, item: ItemT) -> None:
        """Send an item; if the process is gone, `answer` notices it."""
        with suppress(OSError):
            self.pipe.send(item)

    def answer(self) -> Answer[ResultT] | Death:
        """Wait for the result of the item, or the end of the process."""
        try:
            answer: Answer[ResultT] = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            return Death(self._process.exitcode)
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
                answer = Answer(call(item))
            except UserError as error:
                answer = Answer(None, error)
            except Exception as error:
                pipe.send(Answer(None, error))
                raise  # for the log, with its traceback
            pipe.send(answer)


def _end_with_parent() -> None:
    """End this process immediately if its parent was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
