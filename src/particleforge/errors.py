"""Errors a person can mend."""


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
