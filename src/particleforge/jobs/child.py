"""The child process of a job."""

import faulthandler
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import BinaryIO

from particleforge.errors import Cancelled, UserError, printable
from particleforge.jobs.messages import Advance, Failure, Message, Result, Stopped, Task, read, write
from particleforge.jobs.previews import Previews
from particleforge.step import Progress, run

Send = Callable[[Message], None]
_FAULT = "This is a bug in the program; the last lines of the log show where."


def main(warm_up: str = "") -> int:
    """Run the one job described on stdin; return 0, or 1 if it has no result.

    Parameters
    ----------
    warm_up
        Reference of a function to call while there is no task yet; empty: none.
    """
    tasks, messages = _claim_streams()
    faulthandler.enable(all_threads=False)
    if warm_up:
        with suppress(Exception):  # the task will meet the same error, and report it
            module, _, name = warm_up.partition(":")
            getattr(import_module(module), name)()

    def send(message: Message) -> None:
        try:
            messages.write(write(message))
            messages.flush()
        except OSError:  # the parent is gone, which the end of stdin also shows
            stop.set()

    stop = threading.Event()
    try:
        task = read(tasks.readline())
        if not isinstance(task, Task):
            raise UserError(f"A job starts with a task, but {task.kind!r} was received.")
    except UserError as error:
        send(_failure(error))
        return 1
    threading.Thread(target=_watch, args=(tasks, stop, task.grace_s), daemon=True).start()
    return _work(task, send, stop.is_set)


def _claim_streams() -> tuple[BinaryIO, BinaryIO]:
    """Reserve stdin and stdout for messages: output of libraries goes to stderr, and their input is empty.

    Worker processes do not inherit the copies, so a pipe ends with this process.
    """
    tasks, messages = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.flush()
    os.dup2(2, 1)
    return tasks, messages


def _watch(tasks: BinaryIO, stop: threading.Event, grace_s: float) -> None:
    """Wait for the end of stdin, then ask the step to stop, and end the process if it does not."""
    while os.read(tasks.fileno(), 4096):
        pass
    stop.set()
    # Needs no Python to run, so it also ends a process that hangs in compiled code.
    faulthandler.dump_traceback_later(grace_s, exit=True)


def _work(task: Task, send: Send, stopped: Callable[[], bool]) -> int:
    previews = Previews(task.scratch)

    def report(progress: Progress) -> None:
        preview = previews.write(progress.preview)
        send(
            Advance(
                done=float(progress.done),
                total=float(progress.total),
                message=printable(progress.message),
                preview=preview,
            )
        )

    try:
        send(Result(value=run(task.steps(), report, stopped)))
        return 0
    except Cancelled:
        send(Stopped())
    except UserError as error:
        send(_failure(error))
    except Exception as error:
        text = printable(str(error)) or type(error).__name__
        send(Failure(error=type(error).__name__, message=text, hint=_FAULT))
        raise  # for the log
    return 1


def _failure(error: UserError) -> Failure:
    return Failure(error=type(error).__name__, message=printable(error.message), hint=printable(error.hint))
