"""Errors that nobody foresaw, as sentences in a panel: a traceback in the terminal is not seen."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from particleforge.errors import UserError, printable

FAULT = "This is a bug in the program; the terminal shows where."


def as_user_error(error: Exception) -> UserError:
    """Return an error as one that a panel can show; the traceback of an unforeseen one is logged."""
    if isinstance(error, UserError):
        return error
    logging.getLogger(__name__).error("Unexpected error", exc_info=error)
    if isinstance(error, MemoryError):
        return UserError("There is not enough memory.", "Close other images or programs, or use a smaller image.")
    name, text = type(error).__name__, printable(str(error))
    return UserError(f"{name}: {text}." if text else f"{name}.", FAULT)


@contextmanager
def shown_by(warn: Callable[[UserError], None]) -> Iterator[None]:
    """Show any error of the block: what Qt calls has no caller who could catch it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the panel shows it, the log has the traceback
        warn(as_user_error(error))
