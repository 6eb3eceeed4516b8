"""Run commands, each in a forked process with limits; requests and answers are lines of JSON.

The package is imported once; a fork then costs milliseconds where a new interpreter costs a second.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 30
"""Of a processor."""
WALL_LIMIT_S = 240
"""Other work beside it may slow a command down."""
LIMIT_BYTES = 2 * 2**30
GUARD_BYTES = 12 * 2**30
"""Address space of a command: saves the machine, and is so far above the limit that the limit is what is seen."""


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    seconds: float
    """Of all its processors together, or of the wall for one that was stopped."""
    peak_bytes: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """What no input may lead to; empty if it did not."""
        if "Traceback" in self.err or "Warning:" in self.err:
            return f"traceback or raw warning:\n{self.err}"
        if self.seconds >= LIMIT_S:
            return f"{self.seconds:.0f} s of a processor"
        if self.code < 0:
            return f"ended by signal {-self.code}"
        if self.peak_bytes > LIMIT_BYTES:
            return f"{self.peak_bytes / 2**30:.1f} GiB"
        if self.code and not self.err.strip():
            return f"exit code {self.code} without a word"
        return ""


class Server:
    """Starts the process that forks, and asks it."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.serve"],
            cwd=Path(__file__).parents[1],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, words: list[str], limit_s: float = WALL_LIMIT_S) -> Outcome:
        """Run a command in a folder, killed with all its children after a time; its outputs are kept as text."""
        assert self._process.stdin and self._process.stdout
        asked = {"folder": str(folder), "words": words, "limit_s": limit_s}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def serve() -> None:
    """Answer until the requests end."""
    _import_all()
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(json.dumps(_forked(Path(asked["folder"]), asked["words"], asked["limit_s"])) + "\n")
        sys.stdout.flush()


def _import_all() -> None:
    import imagecodecs  # noqa: F401
    import pandas  # noqa: F401
    import skimage.measure
    import skimage.segmentation  # noqa: F401
    import torch
    import zarr  # noqa: F401

    import particleforge.cli.main  # noqa: F401
    from particleforge.workflows import VERBS

    torch.set_num_threads(1)
    for name in VERBS.names():
        VERBS.get(name)


def _forked(folder: Path, words: list[str], limit_s: float) -> dict[str, object]:
    logs = [folder.parent / f"{folder.name}.{name}" for name in ("out", "err")]
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _run(folder, words, logs)
    while True:
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() - start > limit_s:
            with suppress(ProcessLookupError):  # not yet a group of its own
                os.killpg(pid, signal.SIGKILL)
        time.sleep(0.005)
    out, err = (log.read_text(errors="replace") for log in logs)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - start if status == signal.SIGKILL else used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
        "out": out,
        "err": err,
    }


def _run(folder: Path, words: list[str], logs: list[Path]) -> None:
    """Be the command; never returns."""
    import traceback

    from particleforge.cli.main import main

    code = 70
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (GUARD_BYTES, GUARD_BYTES))
        os.chdir(folder)
        for number, log in enumerate(logs, start=1):
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - all that gets out of a command is what is looked for
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
