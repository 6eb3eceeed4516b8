"""How much longer a job will take."""

import time
from collections.abc import Callable


class Eta:
    """Estimates the time left from the rate of work since the first report of any; loading libraries does not count.

    Parameters
    ----------
    clock
        Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None

    def left_s(self, done: float, total: float) -> float | None:
        """Seconds left; None while there is no estimate yet."""
        now_s = self._clock()
        if self._first is None or done < self._first[1] or not self._first[1]:
            self._first = (now_s, done)
        since_s, before = self._first
        if done <= before or done >= total or now_s <= since_s:
            return None
        return (now_s - since_s) * (total - done) / (done - before)


def duration(seconds: float) -> str:
    """Time in words, as exact as an estimate is: ``about 4 min``."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"
