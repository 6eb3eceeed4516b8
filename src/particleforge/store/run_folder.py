"""Folders of runs that can be interrupted and continued; one run at a time writes into a folder."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from particleforge.errors import UserError
from particleforge.plain_data import parse_yaml, read_yaml
from particleforge.store.files import LOCK, atomic_write, disk_errors, new_folder, remove_parts

NOTE = "run.yaml"
SHOWN = 3
"""Largest number of differences in a message."""


@contextmanager
def alone(file: Path, busy: UserError) -> Iterator[None]:
    """Hold a lock file for as long as something is done that only one process may do; nobody waits for it.

    The lock belongs to the process: when the process ends, even if it is killed, the operating system releases it.

    Parameters
    ----------
    file
        The lock file, which is removed at the end.
    busy
        Raised if another process holds it.

    Raises
    ------
    UserError
        If another process holds it, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(file, blocking=False, thread_local=False)
    with disk_errors(file.parent):
        try:
            lock.acquire()
        except Timeout:
            raise busy from None
    try:
        yield
    finally:
        with suppress(OSError):  # Windows does not remove a file that is open
            file.unlink()
        lock.release()


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Let nobody else write into the folder of a run, and remove what a killed one left incomplete.

    The folder is created where it is not there yet.

    Raises
    ------
    UserError
        If another run holds the lock, or the folder cannot be written.
    """
    made = not out.is_dir()
    if made:
        new_folder(out)
    hint = "Wait until it ends, or choose another place for the output."
    try:
        with alone(out / LOCK, UserError(f"Another run is writing to {out}.", hint)):
            if not made:
                remove_parts(out)
            yield
    finally:
        if made:
            with suppress(OSError):  # what failed at once leaves no empty folder behind
                out.rmdir()


def claim(out: Path, what: Mapping[str, Any]) -> None:
    """Make the folder of a run, or recognise it as that of an interrupted run with the same inputs and parameters.

    Parameters
    ----------
    out
        The folder.
    what
        Plain data that identifies the run: inputs and parameters. It is stored in ``run.yaml``.

    Raises
    ------
    UserError
        If the folder contains anything else.
    """
    text, note = _text(what), out / NOTE
    if note.is_file():
        if is_claimed(out, what):
            return
        raise UserError(
            f"{out} contains a run with other inputs or parameters{_difference(note, text)}; see {note}.",
            "Choose another place for the output, or delete it.",
        )
    new_folder(out)
    replace_claim(out, what)


def is_claimed(out: Path, what: Mapping[str, Any]) -> bool:
    """Whether a folder is that of a run with the same inputs and parameters; see `claim`."""
    note = out / NOTE
    return note.is_file() and note.read_bytes() == _text(what).encode()


def replace_claim(out: Path, what: Mapping[str, Any]) -> None:
    """Make a folder that of a run, whatever it was before; see `claim`.

    Raises
    ------
    UserError
        If the folder is not writable.
    """
    with atomic_write(out / NOTE) as path:
        path.write_bytes(_text(what).encode())


def _text(what: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(what), sort_keys=False, allow_unicode=True)


def _difference(note: Path, text: str) -> str:
    """List briefly how a run differs from the one recorded before."""
    try:
        there, here = _flat(read_yaml(note)), _flat(parse_yaml(text, NOTE))
    except UserError:
        return ""
    names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    lines = [f"{name} is {there.get(name)!r} there and {here.get(name)!r} here" for name in names[:SHOWN]]
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f" ({', '.join(lines)}{more})" if lines else ""


def _flat(data: Any, name: str = "") -> dict[str, Any]:
    """Values by their names, joined by dots."""
    if not isinstance(data, dict):
        return {name: data}
    inner = [_flat(value, f"{name}.{key}" if name else str(key)) for key, value in data.items()]
    return {key: value for part in inner for key, value in part.items()}
