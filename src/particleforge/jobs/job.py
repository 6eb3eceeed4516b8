"""A step that runs in a process of its own."""

import shutil
import signal
import subprocess
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Self

from particleforge.errors import Cancelled, UserError
from particleforge.jobs.messages import Advance, Failure, Outcome, Plain, Result, Stopped, Task, read, write
from particleforge.jobs.start import start_child
from particleforge.jobs.waiting import Waiting

LOG_LINES = 100
"""Number of last lines of a child's stderr that are kept."""
_KILL_S = 2.0
"""Time a process has to end after it was terminated, and to exit after its last message."""
_MEMORY = "Memory may have run out: use smaller images, fewer workers or a smaller batch."
_CRASH = "A library crashed; the last lines of the log show where. What was written before is kept."


class JobError(UserError):
    """A job that failed, or whose process died.

    Parameters
    ----------
    failure
        Class of the error in the child, message, hint, and last lines of its log.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, failure.hint)
        self.error = failure.error
        self.log = failure.log


class Job:
    """One step in a child process, which starts immediately.

    The child is asked to stop when the job is cancelled, and also when this process is gone. Used as a context manager,
    a job is cancelled at the end of the block unless it has ended.

    Parameters
    ----------
    task
        What to do; if its `scratch` is empty, a folder is created here and removed with the job.
    listen
        Called in a thread of the job with every `Advance` as it arrives, and with the `Outcome` at the end. If it
        raises, the job is stopped.
    environment
        Environment variables of the child in addition to those of this process.
    waiting
        A child that is already there; without one, or if it cannot be used, another one is started.

    Attributes
    ----------
    task
        The task as it was sent.
    outcome
        None while the job is running.
    pid
        Process id of the child.

    Raises
    ------
    UserError
        If no process can be started.
    """

    def __init__(
        self,
        task: Task,
        listen: Callable[[Advance | Outcome], object] = lambda _: None,
        environment: Mapping[str, str] | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self.task = task if task.scratch else task.replace(scratch=_scratch(self))
        self.outcome: Outcome | None = None
        self._listen = listen
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._asked = False
        self._lock = threading.Lock()
        self._ended = threading.Event()
        ready = None if waiting is None else waiting.take(environment or {})
        self._process = start_child(environment or {}) if ready is None else ready
        self.pid = self._process.pid
        stdin, stdout, stderr = _pipes(self._process)
        self._stdin = stdin
        with suppress(OSError):  # a child that dies immediately is noticed below
            stdin.write(write(self.task))
            stdin.flush()
        self._logger = threading.Thread(target=self._keep_log, args=(stderr,), daemon=True)
        self._logger.start()
        threading.Thread(target=self._follow, args=(stdout,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()
        self._ended.wait()

    def cancel(self) -> None:
        """Ask the step to stop, and end its process if it does not within `Task.grace_s`; return immediately."""
        with self._lock:
            if self._asked or self._ended.is_set():
                return
            self._asked = True
        self._close_stdin()
        threading.Thread(target=self._end_process, args=(self.task.grace_s,), daemon=True).start()

    def wait(self, timeout_s: float | None = None) -> Plain:
        """Wait for the end and return the result.

        Raises
        ------
        JobError
            If the step failed or its process died.
        Cancelled
            If it was cancelled.
        TimeoutError
            If it is still running after `timeout_s`.
        """
        if not self._ended.wait(timeout_s):
            raise TimeoutError(f"{self.task.call} is still running after {timeout_s} s")
        if isinstance(self.outcome, Result):
            return self.outcome.value
        if isinstance(self.outcome, Failure):
            raise JobError(self.outcome)
        raise Cancelled

    def _follow(self, stdout: IO[bytes]) -> None:
        """Read the messages of the child until it ends."""
        last: Outcome | None = None
        try:
            with stdout:
                last = self._read_messages(stdout)
        except BaseException:
            self._asked = True
            raise
        finally:
            self._close_stdin()
            self._end_process(self.task.grace_s if last is None and self._asked else _KILL_S)
            self._logger.join(_KILL_S)  # a worker may still hold the pipe
            self.outcome = self._conclude(last)
            try:
                self._listen(self.outcome)
            finally:
                self._ended.set()

    def _read_messages(self, stdout: IO[bytes]) -> Outcome | None:
        """Pass messages on and return the last one; None if the child ended without it."""
        for line in stdout:
            try:
                message = read(line)
            except UserError:  # printed before the child claimed its stdout
                self._log.append(_line(line))
                continue
            if isinstance(message, Advance):
                self._listen(message)
            elif not isinstance(message, Task):
                return message
        return None

    def _keep_log(self, stderr: IO[bytes]) -> None:
        with stderr:
            self._log.extend(_line(line) for line in stderr)

    def _close_stdin(self) -> None:
        with suppress(OSError):
            self._stdin.close()

    def _end_process(self, grace_s: float) -> None:
        """Wait for the process; terminate it after some time, and kill it if that does not help."""
        for seconds, force in ((grace_s, self._process.terminate), (_KILL_S, self._process.kill)):
            try:
                self._process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                force()
        self._process.wait()

    def _conclude(self, last: Outcome | None) -> Outcome:
        log = tuple(self._log)
        if isinstance(last, Failure):
            return last.replace(log=log)
        if last is None:
            return Stopped(forced=True) if self._asked else died(self.task.call, self._process.returncode, log)
        return last


def died(call: str, returncode: int, log: tuple[str, ...] = ()) -> Failure:
    """Describe how a process ended without a result.

    Parameters
    ----------
    call
        The step it ran.
    returncode
        As in `subprocess.Popen.returncode`: negative for a signal.
    log
        Last lines of its stderr.
    """
    name = call.rpartition(":")[2] or "a job"
    if returncode < 0:
        number = -returncode
        known = number in set(signal.Signals)
        how = f"it was killed by signal {number}" + (f" ({signal.Signals(number).name})" if known else "")
    else:
        how = f"its exit code is {returncode}" + (f" ({returncode:#x})" if returncode > 255 else "")
    hint = _MEMORY if returncode == -9 else _CRASH
    return Failure(error="ProcessDied", message=f"The process of {name} died: {how}.", hint=hint, log=log)


def _pipes(process: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("the child was started without pipes")
    return process.stdin, process.stdout, process.stderr


def _scratch(job: Job) -> str:
    """Return a temporary folder that is removed with the job."""
    folder = tempfile.mkdtemp(prefix="particleforge-")
    weakref.finalize(job, shutil.rmtree, folder, ignore_errors=True)
    return folder


def _line(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip()
