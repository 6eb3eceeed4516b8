"""A child process that is ready before its task is known."""

import subprocess
from collections.abc import Mapping

from particleforge.jobs.start import start_child


class Waiting:
    """A child that loads what a task will need, and then waits for the task.

    Like every child it ends itself when this process is gone.

    Parameters
    ----------
    warm_up
        Reference of a function without arguments, for example particleforge.workflows.ready:ready, which the child
        calls while it waits.
    environment
        Environment variables of the child in addition to those of this process.

    Raises
    ------
    UserError
        If no process can be started.
    """

    def __init__(self, warm_up: str, environment: Mapping[str, str] | None = None) -> None:
        self.environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = start_child(self.environment, warm_up)

    @property
    def pid(self) -> int | None:
        """Process id of the child; None once it was taken or closed."""
        return None if self._process is None else self._process.pid

    def take(self, environment: Mapping[str, str]) -> "subprocess.Popen[bytes] | None":
        """Hand the child over to a job; None if it has died, was taken, or was started in another environment."""
        if dict(environment) != self.environment or self._process is None or self._process.poll() is not None:
            self.close()
            return None
        process, self._process = self._process, None
        return process

    def close(self) -> None:
        """End the child unless it was taken; return at once."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait()
