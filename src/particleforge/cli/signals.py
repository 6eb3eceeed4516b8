"""What ends a program ends a command in the same way as Ctrl-C."""

import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGTERM", "SIGHUP")
"""Requests to end: from a person, a queue or a shutdown; from a terminal that is closed. Windows has only the first."""


RETRY_S = 0.1
"""A request that arrives while a module is imported is made again after this time."""


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

    While a module is imported nothing is raised: compiled modules, such as those of torch, would abort the process.

    Yields
    ------
    Callable
        Raises `Ended` again if a signal has arrived, else returns False: what is raised in a callback of a weak
        reference or in a bare `except` of a library is lost.
    """
    arrived: list[int] = []
    below = len(inspect.stack(0))

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

    def end(number: int, frame: FrameType | None) -> None:
        if _imports(frame, below):
            again = threading.Timer(RETRY_S, signal.raise_signal, (number,))
            again.daemon = True
            again.start()
            return
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


def _imports(frame: FrameType | None, below: int) -> bool:
    """Whether a module is being imported, apart from one that the lowest frames import."""
    names = []
    while frame is not None:
        names.append(frame.f_globals.get("__name__"))
        frame = frame.f_back
    return "importlib._bootstrap" in names[: max(len(names) - below, 0)]
