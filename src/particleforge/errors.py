"""Errors that a user can fix."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager


class UserError(Exception):
    """A problem that the user can fix.

    Parameters
    ----------
    message
        What is wrong, with the value and the limit it violates.
    hint
        How to fix it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


@contextmanager
def located(place: object, hint: str = "Correct it in the file.") -> Iterator[None]:
    """Begin the message of a `UserError` with the place of what is wrong, such as a file; add a hint if it has none."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{place}: {error.message}", error.hint or hint) from error


def none_done(reasons: Mapping[str, str], done: str) -> UserError:
    """Error of a run in which no image could be ``measured`` or ``used``, from the reasons by name."""
    (name, reason), *others = reasons.items()
    first = reason if name in reason else f"{name}: {reason}"
    return UserError(f"None of {1 + len(others)} images could be {done}. {first}" if others else first)


def printable(text: str) -> str:
    """Text that can be written as UTF-8: names of files may hold bytes that are not Unicode."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class Cancelled(Exception):
    """A step was asked to stop and has ended; it can be resumed from what it wrote so far."""


def suggestion(name: object, names: Iterable[str]) -> str:
    """Hint for a name that does not exist: the closest existing name, or all of them."""
    known = list(names)
    close = difflib.get_close_matches(str(name), known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Available: {', '.join(known)}."
