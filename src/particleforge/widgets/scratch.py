"""A temporary folder shared by two processes."""

import shutil
import tempfile
import weakref
from pathlib import Path


class Scratch:
    """A temporary folder, deleted by `remove`, when it is no longer referenced, or when the program ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="particleforge-"))
        self.remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
