"""Named, independent random streams from one seed."""

import zlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return a separate random generator for a purpose, for example ``stream(seed, "simulate", 17)``.

    The same seed and names give the same numbers on every machine, whatever was drawn before.
    """
    key = [zlib.crc32(name.encode()) if isinstance(name, str) else name for name in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
