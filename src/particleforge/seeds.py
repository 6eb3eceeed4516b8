"""Named, independent random streams out of one seed."""

import zlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Random generator of its own for a purpose, such as ``stream(seed, "simulate", 17)``.

    The same seed and names give the same numbers on every machine, whatever else was drawn before.
    """
    key = [zlib.crc32(name.encode()) if isinstance(name, str) else name for name in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
