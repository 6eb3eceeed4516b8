"""Where networks are trained and used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, TypeAlias

from particleforge.errors import UserError

if TYPE_CHECKING:
    import torch

Device: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]
VARIABLE = "PARTICLEFORGE_DEVICE"
"""Environment variable that says what auto means."""


def torch_device(device: str = "auto") -> torch.device:
    """Device to compute on.

    Parameters
    ----------
    device
        auto: what `VARIABLE` says, else a graphics processor where there is one, else the processor.

    Raises
    ------
    UserError
        If there is no such device here.
    """
    import torch

    wanted = os.environ.get(VARIABLE, "auto") if device == "auto" else device
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, there in here.items() if there))
    if not here.get(wanted, False):
        raise UserError(f"There is no device {wanted!r} here.", "Use auto or cpu.")
    return torch.device(wanted)
