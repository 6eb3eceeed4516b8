"""Signals of crystals, from multislice simulations whose results are bundled as ``haadf_table.npz``."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from particleforge.recipes.aggregate.scattering import coefficient_per_nm

PATH = Path(__file__).with_name("haadf_table.npz")
LAST_STEPS = 5
"""The loss of unscattered electrons over these is extrapolated beyond the last thickness."""

Crystal: TypeAlias = Literal["rutile", "anatase", "wo3_gamma", "wo3_delta"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Shares of the electrons that crystals scatter into rings, and how they were simulated.

    Attributes
    ----------
    intensity
        (crystals, directions, thicknesses, rings), rings from 0 outwards.
    standard_error
        Standard error of the intensity, from the scatter among sets of displaced atoms and beam tilts.
    metadata
        Structures, microscope and numerics. `step_nm` is the step of thickness, and the first thickness; `ring_mrad` is
        the width of a ring.
    """

    intensity: npt.NDArray[np.float32]
    standard_error: npt.NDArray[np.float32]
    metadata: dict[str, Any]


@cache
def table() -> Table:
    """Return the table; its arrays are read-only."""
    with np.load(PATH) as file:
        found = Table(file["intensity"], file["standard_error"], json.loads(str(file["metadata"])))
    found.intensity.setflags(write=False)
    found.standard_error.setflags(write=False)
    return found


def covers(voltage_kv: float, inner_mrad: float) -> bool:
    """Whether the table is valid at a voltage, and for a detector outside the cone of the beam."""
    about = table().metadata
    return bool(voltage_kv == about["voltage_kv"] and inner_mrad >= about["semi_convergence_mrad"])


@cache
def signals(crystal: Crystal, range_mrad: tuple[float, float]) -> Floats:
    """Share of the electrons in a range of angles, (directions, steps of thickness from zero).

    Partly covered rings count by the share of their area. Beyond the last ring atoms scatter independently.
    """
    about = table().metadata
    phase = about["phases"][crystal]
    intensity = table().intensity[list(about["phases"]).index(crystal)]
    edges = about["ring_mrad"] * np.arange(intensity.shape[-1] + 1)
    areas = np.diff(np.clip(edges, *range_mrad) ** 2) / np.diff(edges**2)
    found = np.pad(intensity @ areas, ((0, 0), (1, 0)))
    if range_mrad[1] > edges[-1]:
        beyond = (max(range_mrad[0], float(edges[-1])), range_mrad[1])
        tail = coefficient_per_nm(phase["formula"], phase["density_g_cm3"], about["voltage_kv"], beyond)
        found -= np.expm1(-tail * about["step_nm"] * np.arange(found.shape[1]))
    found.setflags(write=False)
    return found


def curve(signal: Floats, thickness_nm: Floats) -> Floats:
    """Signal in one direction at any thickness.

    It is interpolated linearly in the table. Beyond it, the unscattered electrons decay at the last rate.
    """
    step = table().metadata["step_nm"]
    last = step * (len(signal) - 1)
    loss = np.log((1 - signal[-1 - LAST_STEPS]) / (1 - signal[-1])) / (LAST_STEPS * step)
    within = np.interp(thickness_nm, step * np.arange(len(signal)), signal)
    return np.asarray(1 - (1 - within) * np.exp(-loss * np.maximum(thickness_nm - last, 0)))
