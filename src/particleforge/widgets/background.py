"""Short work in a thread, where only the answer to the last request counts."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from qtpy.QtCore import QObject, Qt, Signal

from particleforge.errors import Cancelled, UserError

Outdated: TypeAlias = Callable[[], bool]
"""Whether nobody waits for an answer any more."""
THREAD = "particleforge-background"
"""Name of the threads."""


class Background(QObject):
    """Runs functions in threads; `done` or `failed` is emitted in the thread of Qt.

    It has no parent on purpose: a thread that still works keeps it alive. An error that is no `UserError` goes the way
    of errors in threads, and napari shows it.

    Parameters
    ----------
    finishes
        Whether the end of the program waits for the work, as it should where files are written.
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
        """Call `work` in a thread; what was asked before is dropped, and told so by its argument."""
        self.drop()
        self._dropped = threading.Event()
        threading.Thread(None, self._work, THREAD, (work, self._dropped), daemon=not self._finishes).start()

    def drop(self) -> None:
        """Forget what was asked."""
        self._dropped.set()

    def _work(self, work: Callable[[Outdated], object], dropped: threading.Event) -> None:
        try:
            with suppress(Cancelled):
                try:
                    found, error = work(dropped.is_set), None
                except UserError as problem:
                    found, error = None, problem
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
