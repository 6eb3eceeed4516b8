"""The ``particleforge`` command."""

from particleforge.cli.main import main

__all__ = ["main"]
