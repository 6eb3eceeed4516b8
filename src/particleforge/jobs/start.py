"""Start child processes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from particleforge.errors import UserError


def start_child(extra: Mapping[str, str], warm_up: str = "") -> "subprocess.Popen[bytes]":
    """Start a child that waits for its task.

    Parameters
    ----------
    extra
        Environment variables in addition to those of this process.
    warm_up
        Reference of a function that it calls before it reads its task; empty: none.

    Raises
    ------
    UserError
        If no process can be started.
    """
    # Waiting threads that spin take time from the other core: 6.5 times slower next to another busy process.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONIOENCODING": "utf-8", **os.environ, **extra}
    apart: dict[str, Any] = {"start_new_session": True}  # Ctrl-C in the terminal is for the parent
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    words = [sys.executable, "-P", "-m", "particleforge.jobs"]  # -P: no modules from the current folder
    try:
        return subprocess.Popen(
            [*words, warm_up] if warm_up else words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            **apart,
        )
    except OSError as error:
        raise UserError(f"{sys.executable!r} cannot be started ({error}).", "Reinstall Python.") from error
