"""A folder for what only two processes need for a while."""

import shutil
import tempfile
import weakref
from pathlib import Path


class Scratch:
    """A temporary folder that goes when it is removed, forgotten, or the program ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="particleforge-"))
        self.remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
