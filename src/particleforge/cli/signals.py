"""What ends a program ends a command in the same way as Ctrl-C."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

NAMES = ("SIGTERM", "SIGHUP")
"""Requests to end: from a person, a queue or a shutdown; from a terminal that is closed. Windows has only the first."""


class Ended(KeyboardInterrupt):
    """The process was asked to end.

    Parameters
    ----------
    number
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


@contextmanager
def interrupting() -> Iterator[None]:
    """Raise `Ended` where one of these signals arrives; those that are ignored, as by nohup, stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    caught = [number for number, handler in before.items() if handler is signal.SIG_DFL]

    def end(number: int, _: FrameType | None) -> NoReturn:
        for other in caught:  # a second request must not disturb the closing
            signal.signal(other, signal.SIG_IGN)
        raise Ended(number)

    try:
        for number in caught:
            signal.signal(number, end)
        yield
    finally:
        for number in caught:
            signal.signal(number, before[number])
