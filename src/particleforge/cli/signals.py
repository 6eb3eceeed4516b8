"""What ends a program ends a command in the same way as Ctrl-C."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
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
def interrupting() -> Iterator[Callable[[], bool]]:
    """Raise `Ended` where one of these signals arrives; those that are ignored, as by nohup, stay ignored.

    Yields
    ------
    Callable
        Raises `Ended` again if a signal has arrived, else returns False: what is raised in a callback of a weak
        reference or in a bare `except` of a library is lost.
    """
    arrived: list[int] = []

    def check() -> bool:
        if arrived:
            raise Ended(arrived[0])
        return False

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before, hook = {number: signal.getsignal(number) for number in numbers}, sys.unraisablehook
    caught = [number for number, handler in before.items() if handler is signal.SIG_DFL]

    def end(number: int, _: FrameType | None) -> NoReturn:
        for other in caught:  # a second request must not disturb the closing
            signal.signal(other, signal.SIG_IGN)
        arrived.append(number)
        raise Ended(number)

    def lost(what: "sys.UnraisableHookArgs") -> None:
        if not isinstance(what.exc_value, Ended):  # it is raised again
            hook(what)

    try:
        sys.unraisablehook = lost
        for number in caught:
            signal.signal(number, end)
        yield check
    finally:
        sys.unraisablehook = hook
        for number in caught:
            signal.signal(number, before[number])
