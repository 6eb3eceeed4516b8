"""Short work in a thread, of which only the result of the last request counts."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from qtpy.QtCore import QObject, Qt, Signal

from particleforge.errors import Cancelled, UserError
from particleforge.widgets.unexpected import as_user_error

Outdated: TypeAlias = Callable[[], bool]
"""Whether the result is no longer needed."""
THREAD = "particleforge-background"
"""Name of the threads."""


class Background(QObject):
    """Runs functions in threads; `done` or `failed` is emitted in the thread of Qt.

    It deliberately has no parent: a running thread keeps it alive. `failed` gives a `UserError` for every error.

    Parameters
    ----------
    finishes
        Whether the program waits for the work before it exits, as it should when files are written.
    """

    done = Signal(object)
    failed = Signal(object)
    _ended = Signal(object, object, object)

    def __init__(self, finishes: bool = False) -> None:
        super().__init__()
        self._dropped = threading.Event()
        self._finishes = finishes
        self._ended.connect(self._answer, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # not declared

    def run(self, work: Callable[[Outdated], object]) -> None:
        """Call `work` in a thread; an earlier request is dropped, and its argument then returns true."""
        self.drop()
        self._dropped = threading.Event()
        threading.Thread(None, self._work, THREAD, (work, self._dropped), daemon=not self._finishes).start()

    def drop(self) -> None:
        """Drop the current request."""
        self._dropped.set()

    def _work(self, work: Callable[[Outdated], object], dropped: threading.Event) -> None:
        try:
            with suppress(Cancelled):
                try:
                    found, error = work(dropped.is_set), None
                except Cancelled:
                    raise
                except Exception as problem:  # noqa: BLE001 - whoever waits for the result shows it
                    found, error = None, as_user_error(problem)
                self._ended.emit(dropped, found, error)
        finally:
            del self  # parsers keep exceptions, these keep frames, and this frame would keep the object

    def _answer(self, dropped: threading.Event, found: object, error: UserError | None) -> None:
        if dropped.is_set():
            return
        if error is None:
            self.done.emit(found)
        else:
            self.failed.emit(error)
