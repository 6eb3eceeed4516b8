"""Short work in a thread, where only the answer to the last request counts."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

from qtpy.QtCore import QObject, Qt, Signal

from particleforge.errors import Cancelled, UserError

Outdated: TypeAlias = Callable[[], bool]
"""Whether nobody waits for an answer any more."""


class Background(QObject):
    """Runs functions in threads; `done` or `failed` is emitted in the thread of Qt.

    It has no parent on purpose: a thread that still works keeps it alive. An error that is no `UserError` is raised
    in the thread of Qt, where napari shows it.
    """

    done = Signal(object)
    failed = Signal(object)
    _ended = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._ended.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    def run(self, work: Callable[[Outdated], Any]) -> None:
        """Call `work` in a thread; what was asked before is dropped, and told so by its argument."""
        self.drop()
        number = self._number
        pool = ThreadPoolExecutor(1)
        future = pool.submit(work, lambda: self._number != number)
        future.add_done_callback(lambda ended: self._ended.emit(number, ended))
        pool.shutdown(wait=False)

    def drop(self) -> None:
        """Forget what was asked."""
        self._number += 1

    def _answer(self, number: int, ended: "Future[Any]") -> None:
        if number != self._number:
            return
        try:
            result = ended.result()
        except Cancelled:
            return
        except UserError as error:
            self.failed.emit(error)
        else:
            self.done.emit(result)
