"""Places for what libraries keep from one run to the next."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FIGURES, COMPILED = "MPLCONFIGDIR", "NUMBA_CACHE_DIR"
"""Name the folders of matplotlib and numba."""


def provide_caches() -> None:
    """Give matplotlib and numba a temporary folder where the home folder cannot be written.

    Matplotlib would warn at length, and numba compile everything again in each worker process.
    """
    wanted = [("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache")]
    if all(_writable(Path(os.environ.get(name) or os.path.expanduser(f"~/{part}"))) for name, part in wanted):
        return
    folder = tempfile.mkdtemp(prefix="particleforge-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.setdefault(FIGURES, folder)
    if not os.access(Path(__file__).parents[1], os.W_OK):  # else numba keeps it in the package
        os.environ.setdefault(COMPILED, folder)


def _writable(folder: Path) -> bool:
    """Whether a folder can be written, or made."""
    if not folder.is_absolute():
        return False
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return there.is_dir() and os.access(there, os.W_OK)
