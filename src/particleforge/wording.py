"""Counts and lists in words."""

from collections.abc import Sequence


def plural(count: int, noun: str) -> str:
    """Count and noun, for example "1 particle" or "2 particles"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """List the first names and count the others, for example "a, b and 3 more"."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def joined(words: Sequence[str]) -> str:
    """Join words, for example "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def named(names: Sequence[str], noun: str = "image", most: int = 3) -> str:
    """Count things and name the first, for example "2 images (a, b)"."""
    shown = ", ".join(names[:most]) + (", ..." if len(names) > most else "")
    return f"{plural(len(names), noun)} ({shown})"
