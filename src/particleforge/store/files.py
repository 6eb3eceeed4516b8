"""Writing files so that none is ever left incomplete."""

import errno
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from particleforge.errors import UserError

LONGEST_NAME = 240
"""Bytes; file systems take 255, and suffixes are added to names."""
LOCK = ".lock"
"""File that a run holds locked while it writes into its folder."""

ELSEWHERE = "Choose another place for the output, or delete it."

_FULL = {
    errno.ENOSPC: "the disk is full or the quota is used up",
    errno.EDQUOT: "the disk is full or the quota is used up",
    errno.EFBIG: "the file would be larger than is allowed",
}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


class DiskError(UserError):
    """A disk that is full, or where writing is not allowed."""


def new_folder(path: Path) -> Path:
    """Create a folder that is not there yet; an empty one will do, also if it is locked.

    Raises
    ------
    UserError
        If `path` is a file or a folder with something in it, or cannot be created.
    """
    _check_free(path)
    _make(path, path)
    return path


def check_new_file(path: Path) -> None:
    """Check that a file can be written.

    Raises
    ------
    UserError
        If it exists already, or its folder does not exist.
    """
    if path.exists():
        raise UserError(f"{path} exists; nothing is overwritten.", "Choose another name, or remove it.")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is not a folder.", "Create it first.")


@contextmanager
def complete_folder(path: Path) -> Iterator[Path]:
    """Write a folder next to `path`, then rename it: there is the complete folder or nothing.

    Yields a temporary folder. It is renamed to `path` if the block succeeds and removed otherwise.

    Raises
    ------
    UserError
        As `new_folder`.
    """
    _check_free(path)
    temporary = path.with_name(f".{path.name[:60]}.{uuid.uuid4().hex}.part")
    _make(temporary, path)
    with disk_errors(path):
        try:
            yield temporary
            if path.is_dir():
                (path / LOCK).unlink(missing_ok=True)
                path.rmdir()
            os.replace(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _check_free(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} exists and is a file; a new folder is needed.", ELSEWHERE)
    if not is_free(path):
        raise UserError(f"{path} exists and is not empty; nothing is overwritten.", ELSEWHERE)


def _make(folder: Path, named: Path) -> None:
    with disk_errors(named):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise UserError(f"{named} cannot be created: a part of it is a file.", ELSEWHERE) from error


def is_free(path: Path) -> bool:
    """Whether there is nothing at a path but perhaps an empty folder, which a run may have locked."""
    return not path.exists() or (path.is_dir() and all(inner.name == LOCK for inner in path.iterdir()))


def new_part(folder: Path, part: str) -> Path:
    """Return a folder inside a folder, created where it is not there yet.

    Raises
    ------
    UserError
        If a file is in the way, or the disk is full or not writable.
    """
    inner = folder / part
    with disk_errors(inner):
        try:
            inner.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise UserError(f"{inner} cannot be created: a file is in the way.", "Rename or move that file.") from error
    return inner


def is_writable(folder: Path) -> bool:
    """Whether files can be written into a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write next to `path`, then rename: readers see the old file or the complete new one.

    Yields a temporary path in the same folder and with the same suffix. It is renamed to `path` if the block succeeds
    and removed otherwise.

    Raises
    ------
    UserError
        If the disk is full or not writable.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.part{path.suffix}")
    with disk_errors(path):
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove files left incomplete by killed processes. No process may write into the folder meanwhile."""
    for pattern in (".*.part.*", "*.partial"):  # those of `atomic_write` and of zarr
        for path in folder.rglob(pattern):
            path.unlink(missing_ok=True)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full or protected disk into a `DiskError`; other errors are passed on.

    Raises
    ------
    DiskError
        Naming `path` and, for a full disk, the free space.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskError(
                f"{path} cannot be written: {_FULL[error.errno]}{_free(path)}.",
                "Make room, or choose another place for the output.",
            ) from error
        if error.errno in _DENIED:
            raise DiskError(
                f"{path} cannot be written: {os.strerror(error.errno or 0)}{_free(path)}.",
                "Choose another place for the output, or change the folder's permissions.",
            ) from error
        raise


def claim_name(name: str, taken: set[str]) -> str:
    """Check that a sample's name is a valid and unused file name, and add it to `taken`.

    A sample without a name is named by its number.

    Raises
    ------
    UserError
        If the name cannot be a file name, or is taken (ignoring case).
    """
    claimed = name or f"sample_{len(taken):06d}"
    wrong = sorted({letter for letter in claimed if letter in '/\\:*?"<>|' or ord(letter) < 32})
    if wrong or claimed.startswith(".") or claimed.rstrip(". ") != claimed:
        raise UserError(f"The sample name {claimed!r} cannot be a file name.", "Rename the sample.")
    check_length(claimed)
    if claimed.casefold() in taken:
        raise UserError(
            f"Two samples are called {claimed!r}, perhaps in other letters (A, a); each needs its own file.",
            "Rename one of them.",
        )
    taken.add(claimed.casefold())
    return claimed


def check_length(name: str) -> None:
    """Check that files can be named after an image.

    Raises
    ------
    UserError
        With the length of the name and the limit.
    """
    if (length := len(os.fsencode(name))) > LONGEST_NAME:
        raise UserError(
            f"The name {name[:20]}... has {length} bytes; files are named after images of up to {LONGEST_NAME} bytes.",
            "Rename the image.",
        )


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _free(path: Path) -> str:
    """Free space on the disk of the nearest folder that exists."""
    for folder in (path, *path.absolute().parents):
        try:
            return f" ({shutil.disk_usage(folder).free / 2**20:.0f} MiB free)"
        except OSError:
            continue
    return ""
