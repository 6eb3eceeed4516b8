"""Errors a person can mend."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something is wrong that the user can put right.

    Parameters
    ----------
    message
        What is wrong, with the value and the limit it breaks.
    hint
        The way out.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Cancelled(Exception):
    """A step was asked to stop and has closed; what it wrote so far can be resumed."""


def suggestion(name: object, names: Iterable[str]) -> str:
    """Hint for a name that does not exist: the nearest of those that do, or all of them."""
    there = list(names)
    near = difflib.get_close_matches(str(name), there, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(there)}."
