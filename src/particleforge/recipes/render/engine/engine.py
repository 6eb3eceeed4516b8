"""Mitsuba in a separate process, which may crash without harm to this one."""

import ctypes.util
import importlib.metadata
import json
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
import weakref
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import IO, Any, Literal, TypeAlias

import numpy as np

from particleforge.errors import UserError
from particleforge.recipes.render.engine.view import Request, Surface, View
from particleforge.recipes.render.mesh import sphere
from particleforge.store.files import atomic_write

Choice: TypeAlias = Literal["auto", "cuda", "llvm", "scalar"]
VARIANTS: dict[str, str] = {"cuda": "cuda_ad_rgb", "llvm": "llvm_ad_rgb", "scalar": "scalar_rgb"}
"""From the fastest, which needs an NVIDIA GPU, to the one that runs everywhere; llvm needs LLVM 17 or newer."""
NEEDS: dict[str, str] = {
    "cuda": "It needs an NVIDIA GPU and its driver; auto uses a variant that works.",
    "llvm": "It needs LLVM 17 or newer; set DRJIT_LIBLLVM_PATH to its library. auto uses a variant that works.",
    "scalar": "Reinstall it: pip install -U mitsuba.",
    "auto": "Reinstall it: pip install -U mitsuba.",
}
SHORT = {variant: choice for choice, variant in VARIANTS.items()}
_LOG_BYTES = 2000


class Engine:
    """Renders requests in a child process, which starts with the first request.

    An unpickled engine has not started yet.

    Parameters
    ----------
    choice
        Variant to use; auto: the fastest that works here, tried once per machine.
    threads
        Threads of the child; 0: one per core.
    variants
        Mitsuba variants that are known to work; none: all are tried.
    """

    def __init__(self, choice: Choice = "auto", threads: int = 0, variants: Sequence[str] = ()) -> None:
        self._choice, self._threads, self._known = choice, threads, variants
        self._child: _Child | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Engine, (self._choice, self._threads, tuple(self.variants))

    def render(self, request: Request) -> View:
        """Return what is visible and the image.

        A child that dies is replaced once; if it dies again, the next variant renders this image.

        Raises
        ------
        UserError
            If no variant can do it.
        """
        first, *others = self.variants
        deaths: list[str] = []
        for variant in (first, first, *others):
            if self._child is None or self._child.variant != variant:
                self._child = _Child(variant, self._threads)
            try:
                answer = self._child.ask(request)
            except _Died as death:
                deaths.append(str(death))
                self._child = None
                continue
            if isinstance(answer, str):
                raise UserError(
                    f"Mitsuba cannot render this scene: {answer}", "Check the materials and the look of the recipe."
                )
            if deaths:
                warnings.warn(f"Rendered again with {variant}: {' '.join(deaths)}", RuntimeWarning, stacklevel=2)
            return answer
        raise UserError(
            f"Rendering crashed. {' '.join(dict.fromkeys(deaths))}",
            "Memory may have run out: use smaller images or fewer workers. Otherwise choose another variant.",
        )

    @cached_property
    def variants(self) -> list[str]:
        """Mitsuba variants to use, best first.

        Raises
        ------
        UserError
            If none works here.
        """
        if self._known:
            return list(self._known)
        if self._choice == "auto":
            working = _working()
        else:
            working = [variant for variant in (VARIANTS[self._choice],) if _works(variant)]
        if not working:
            raise UserError(f"Mitsuba does not run on this machine with variant {self._choice}.", NEEDS[self._choice])
        return working


class _Died(Exception):
    """A child process has ended."""


class _Child:
    """One process with one variant."""

    def __init__(self, variant: str, threads: int) -> None:
        self.variant = variant
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.child", variant, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        weakref.finalize(self, _end, self._process, self._log)

    def ask(self, request: Request) -> View | str:
        """Send a request and wait for the answer."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the child was started without pipes")
        try:
            pickle.dump(request, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            answer: View | str = pickle.load(self._process.stdout)
            return answer
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise _Died(f"{self.variant} ended with {self._process.wait()}: {self._last_words()}") from error

    def _last_words(self) -> str:
        self._log.seek(max(0, self._log.tell() - _LOG_BYTES))
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "it reported nothing.")


def _end(process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """Close stdin, which ends the child."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # a process that died can no longer receive what it has not read
                pipe.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    log.close()


def _working() -> list[str]:
    """Variants that work here, best first, tried once per version of Mitsuba and of LLVM."""
    import platformdirs

    llvm = os.environ.get("DRJIT_LIBLLVM_PATH") or ctypes.util.find_library("LLVM")
    key = f"mitsuba {importlib.metadata.version('mitsuba')}, LLVM {llvm}"
    memory = platformdirs.user_cache_path("particleforge") / "render-variants.json"
    try:
        known: dict[str, list[str]] = json.loads(memory.read_text(encoding="utf-8"))
        return known[key]
    except (OSError, ValueError, KeyError):
        working = [variant for variant in VARIANTS.values() if _works(variant)]
    with suppress(OSError, UserError):  # without a cache it only takes longer
        if not memory.is_absolute():  # there is no home folder
            return working
        memory.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(memory) as temporary:
            temporary.write_text(json.dumps({key: working}), encoding="utf-8")
    return working


def _works(variant: str) -> bool:
    """Whether a child renders a small sphere with this variant."""
    ball = sphere(1).scaled(4).moved((4, 4, 0))
    surface = Surface(ball, np.ones(len(ball.faces), np.uint32), {"type": "diffuse"})
    request = Request([surface], (8, 8), [{"type": "constant"}], {"type": "path", "max_depth": 2}, 4)
    try:
        answer = _Child(variant, 1).ask(request)
    except _Died:
        return False
    return isinstance(answer, View) and bool(answer.labels[4, 4] == 1)
