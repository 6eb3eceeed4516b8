"""Process items on the workers of an existing Dask cluster."""

import asyncio
import os
import pickle
import platform
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import chdir, suppress
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Self
from uuid import uuid4

from particleforge.compute.executor import ItemT, Lost, ResultT, Unavailable
from particleforge.compute.team import Answer, Death, hand_out
from particleforge.errors import UserError

if TYPE_CHECKING:
    from distributed import Client, Future

PACKAGE = "napari-particleforge"
CONNECTING_S = 10
PATIENCE_S = 60
"""How long a cluster may have no worker at all."""
POLL_S = 1.0


@dataclass(frozen=True)
class Cluster:
    """The workers of a Dask cluster; each process has one item at a time, whatever its number of threads.

    Items are handed to particular workers, so that no more than one per process is known to the scheduler, and that it
    is known which one a worker died on.

    Parameters
    ----------
    address
        Address of the scheduler, such as ``tcp://HOST:8786``.
    shared
        Files and folders that all workers must see under the same paths as this process, as they must the folder in
        which this process runs; paths in items and results may be relative to it.
    """

    address: str
    shared: Sequence[Path] = ()

    def each(
        self, call: Callable[[ItemT], ResultT], items: Sequence[ItemT], tries: int | None = None
    ) -> Generator[tuple[ItemT, ResultT | Lost]]:
        """See `Executor`.

        Raises
        ------
        Unavailable
            If there is no scheduler, or it ends; if there are no workers for a minute; if a worker has another version
            of Python or this package, cannot import what it needs, or does not see a shared file.
        """
        return hand_out(partial(_Crew, self, call), items, tries)


class _Crew(Generic[ItemT, ResultT]):
    """The workers that a scheduler has from time to time; see `Team`."""

    def __init__(self, cluster: Cluster, call: Callable[[ItemT], ResultT]) -> None:
        from distributed.protocol.pickle import dumps  # sends also what a script defines

        self._address, self._job, self._numbers = cluster.address, f"particleforge-{uuid4().hex}", count()
        self._call: bytes = dumps(call)
        self._shared = [str(path.absolute()) for path in cluster.shared if path.exists()]
        self._events: SimpleQueue[tuple[str, str, Future[Any] | None]] = SimpleQueue()
        self._free: list[str] = []
        self._busy: dict[str, tuple[ItemT, Future[Any]]] = {}

    def __enter__(self) -> Self:
        self._client = _connect(self._address)
        try:
            self._client.subscribe_topic("all", self._note)
            self._enlist(self._client.nthreads())
        except BaseException:
            self._client.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Leave items that are not begun, and wait for those that are."""
        with self._client:
            if self._client.status == "running":
                self._client.unsubscribe_topic("all")
                self._client.cancel([future for _, future in self._busy.values()])
                with suppress(OSError):
                    self._on(self._known([*self._free, *self._busy]), _dismiss, self._job)

    @property
    def has_free(self) -> bool:
        return bool(self._free)

    @property
    def is_busy(self) -> bool:
        return bool(self._busy)

    def give(self, item: ItemT) -> None:
        worker = self._free.pop()
        key = self._job, next(self._numbers)
        future = self._client.submit(_process, self._job, item, key=key, workers=[worker], pure=False)
        self._busy[worker] = item, future
        future.add_done_callback(lambda done: self._events.put(("done", worker, done)))

    def answers(self) -> Iterator[tuple[ItemT, Answer[ResultT] | Death]]:
        event, worker, done = self._next_event()
        if event == "add-worker":
            if worker not in self._free and worker not in self._busy:
                self._enlist([worker])
        elif event == "remove-worker":
            self._free = [other for other in self._free if other != worker]
            if worker in self._busy:
                yield self._busy.pop(worker)[0], Death()
        elif worker in self._busy and done is self._busy[worker][1]:
            answer = self._answer(worker, done)
            if isinstance(answer, Answer):
                self._free.append(worker)
            yield self._busy.pop(worker)[0], answer

    def _next_event(self) -> "tuple[str, str, Future[Any] | None]":
        """Wait until workers come or go, or one is done."""
        since = time.monotonic()
        while True:
            with suppress(Empty):
                return self._events.get(timeout=POLL_S)
            if self._client.status != "running":
                raise self._gone()
            if not self._free and not self._busy and time.monotonic() > since + PATIENCE_S:
                raise Unavailable(
                    f"The Dask scheduler at {self._address} has had no worker for {PATIENCE_S:g} s.",
                    f"Start workers: `dask worker {self._address} --nthreads 1`. Then run the same command again.",
                )

    def _note(self, event: tuple[float, Any]) -> None:
        """Note, in a thread of the client, that a worker has come or gone."""
        if isinstance(message := event[1], dict) and message.get("action") in ("add-worker", "remove-worker"):
            self._events.put((message["action"], message["worker"], None))

    def _answer(self, worker: str, done: "Future[Any]") -> Answer[ResultT] | Death:
        """Fetch the result of an item from its worker, which may die before."""
        from distributed import KilledWorker

        if done.status == "error":
            error = done.exception()
            return Death() if isinstance(error, KilledWorker) else Answer(None, error)
        while done.status == "finished":
            with suppress(TimeoutError):
                return Answer(done.result(timeout=POLL_S))
            if not self._known([worker]):
                return Death()
        if self._client.status != "running" or done.cancelled():
            raise self._gone()
        return Death()

    def _gone(self) -> Unavailable:
        return Unavailable(
            f"The Dask scheduler at {self._address} has ended, or has cancelled the work.",
            "Start it and its workers, and run the same command again; what is done is kept.",
        )

    def _enlist(self, workers: Collection[str]) -> None:
        """Check workers, and give each of them the function."""
        here = platform.python_version_tuple()
        new = self._on(self._known(workers), platform.python_version_tuple)
        for worker, there in new.items():
            _check_same(worker, "Python", ".".join(there[:2]), ".".join(here[:2]))
        new = self._on(new, metadata.version, PACKAGE)
        for worker, there in new.items():
            _check_same(worker, "ParticleForge", there, metadata.version(PACKAGE))
        for worker, unseen in self._on(new, _receive, self._job, self._call, os.getcwd(), self._shared).items():
            _check_received(worker, unseen)
            self._free.append(worker)

    def _known(self, workers: Collection[str]) -> list[str]:
        """Those of some workers that the scheduler has now."""
        return [worker for worker in self._client.nthreads() if worker in workers]

    def _on(self, workers: Iterable[str], function: Callable[..., Any], *args: Any) -> dict[str, Any]:
        """Call a function on workers; those that are gone meanwhile are left out, errors are results."""
        results = self._client.run(function, *args, workers=list(workers), on_error="return")
        return {worker: result for worker, result in results.items() if not isinstance(result, OSError)}


def _connect(address: str) -> "Client":
    """Client of a scheduler; see `Cluster.each` for errors."""
    try:
        from distributed import Client
    except ImportError as error:
        raise Unavailable(
            "Dask is not installed, which the option scheduler needs.",
            f'Install it: pip install "{PACKAGE}[cluster]".',
        ) from error
    try:
        return Client(address, timeout=CONNECTING_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"No Dask scheduler answers at {address}.",
            "Check the address, which `dask scheduler` shows when it starts, and that this computer reaches it.",
        ) from error


def _minor(version: Sequence[str]) -> str:
    return ".".join(version[:2])


def _check_same(worker: str, what: str, there: str | Exception, here: str) -> None:
    if isinstance(there, Exception):
        raise Unavailable(f"The worker {worker} has no {what}.", f"Install version {here} there, as here.")
    if there != here:
        raise Unavailable(
            f"The worker {worker} has {what} {there}, and this computer has {here}.",
            "Install the same versions everywhere, and start the workers again.",
        )


def _check_received(worker: str, unseen: list[str] | Exception) -> None:
    if isinstance(unseen, UserError):
        raise Unavailable(f"The worker {worker} cannot begin: {unseen.message}", unseen.hint) from unseen
    if isinstance(unseen, Exception):
        raise Unavailable(
            f"The worker {worker} cannot load what it has to do: {unseen}.",
            "Install the packages of this environment there as well.",
        ) from unseen
    if unseen:
        raise Unavailable(
            f"The worker {worker} does not see {unseen[0]}.",
            "Run the command in, and with, folders that all workers share under the same paths.",
        )


@dataclass(frozen=True)
class _Job:
    """What a worker has to do; paths are relative to the folder."""

    call: Callable[[Any], Any]
    folder: str


_JOBS: dict[str, _Job] = {}
"""What this process has to do, if it is a worker; by name, as several may use the same cluster."""
_ALONE = threading.Lock()
"""Held while an item is processed: not all that is called can be called by several threads at once."""


async def _receive(job: str, pickled: bytes, folder: str, shared: Sequence[str]) -> list[str]:
    """Take a function over, unless there are files that this process does not see, which are returned."""
    return await asyncio.to_thread(_load, job, pickled, folder, shared)


def _load(job: str, pickled: bytes, folder: str, shared: Sequence[str]) -> list[str]:
    unseen = [path for path in (folder, *shared) if not os.path.exists(path)]
    if not unseen:
        with _ALONE, chdir(folder):
            _JOBS[job] = _Job(pickle.loads(pickled), folder)
    return unseen


def _process(job: str, item: ItemT) -> Any:
    with _ALONE:
        doing = _JOBS[job]
        with chdir(doing.folder):
            return doing.call(item)


async def _dismiss(job: str) -> None:
    """Forget a function; wait for an item that is being processed."""
    _JOBS.pop(job, None)
    await asyncio.to_thread(_wait)


def _wait() -> None:
    with _ALONE:
        pass
