"""Saving in the background."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeAlias

from qtpy.QtCore import QObject, Qt, Signal

from particleforge.widgets.qt import single_shot
from particleforge.widgets.unexpected import as_user_error

Take: TypeAlias = Callable[[], Callable[[], None] | None]
"""Takes what is to be saved and returns a function that writes it; None if nothing changed."""
SETTLED_MS = 1000
"""Changes are saved after this time without another one."""


class Saver(QObject):
    """Saves a moment after the last change, in a thread; one save at a time, so that the last one wins.

    `saved` and `failed` are emitted in the thread of Qt.

    Parameters
    ----------
    take
        See `Take`; called in the thread of Qt. What it returns is called in another thread.
    """

    saved = Signal()
    failed = Signal(object)
    _ended = Signal(object)

    def __init__(self, take: Take) -> None:
        super().__init__()
        self._take = take
        self._pool = ThreadPoolExecutor(1, "particleforge-save")
        self._running: Future[None] | None = None
        self._timer = single_shot(self, SETTLED_MS, self._start)
        self._ended.connect(self._report, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # not declared

    def schedule(self) -> None:
        """Save once nothing has changed for a while."""
        self._timer.start()

    def flush(self) -> None:
        """Save the remaining changes now.

        Raises
        ------
        UserError
            If that fails.
        """
        self._timer.stop()
        if self._running is not None:
            wait([self._running])
        if write := self._take():
            write()

    def close(self, save: bool = True) -> None:
        """Save the remaining changes now, unless they are to be lost, and end.

        Raises
        ------
        UserError
            If that fails.
        """
        self._pool.shutdown(wait=True)
        self._ended.disconnect(self._report)
        self._timer.stop()
        if save:
            self.flush()

    def _start(self) -> None:
        if self._running is not None:
            self._timer.start()
        elif write := self._take():
            self._running = self._pool.submit(write)
            self._running.add_done_callback(self._ended.emit)

    def _report(self, ended: Future[None]) -> None:
        self._running = None
        error = ended.exception()
        if error is None:
            self.saved.emit()
        elif isinstance(error, Exception):
            self.failed.emit(as_user_error(error))
