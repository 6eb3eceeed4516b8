"""Where networks are trained and used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, TypeAlias

from particleforge.errors import UserError

if TYPE_CHECKING:
    import torch

Device: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]
VARIABLE = "PARTICLEFORGE_DEVICE"
"""Environment variable that sets the meaning of auto."""


def computes_in_16_bits(device: torch.device) -> bool:
    """Whether a device is a CPU with instructions for matrices of 16-bit numbers (AMX), which make training faster."""
    import torch

    supported = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return device.type == "cpu" and supported is not None and bool(supported())


def torch_device(device: str = "auto") -> torch.device:
    """Device to compute on.

    Parameters
    ----------
    device
        auto: the value of `VARIABLE` if it is set, else a graphics card if there is one, else the CPU.

    Raises
    ------
    UserError
        If this computer has no such device.
    """
    import torch

    wanted = os.environ.get(VARIABLE, "auto") if device == "auto" else device
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, there in here.items() if there))
    if not here.get(wanted, False):
        raise UserError(f"This computer has no device {wanted!r}.", "Use auto or cpu.")
    return torch.device(wanted)
