"""Electrons scattered by independent atoms."""

import math
from functools import cache

import numpy as np
import periodictable
from periodictable.cromermann import fxrayatstol

from particleforge.errors import UserError

ELECTRON_KEV = 510.99895
PLANCK_LIGHT_KEV_A = 12.3984198
"""Planck's constant times the speed of light, in keV angstrom."""
MOTT_BETHE_A = 0.0239336609
"""m e^2 / (8 pi epsilon_0 h^2) times 1 angstrom^2, in angstrom."""
AVOGADRO_PER_A3 = 0.602214076
"""Atoms per cubic angstrom of 1 g/cm^3 and 1 g/mol."""
STEPS = 2000


@cache
def coefficient_per_nm(formula: str, density_g_cm3: float, voltage_kv: float, range_mrad: tuple[float, float]) -> float:
    """Share of the electrons that a thin layer scatters into a range of angles, per nm.

    The X-ray scattering factors of Waasmaier and Kirfel (Acta Cryst. 1995, A51, 416) give those for electrons by the
    Mott-Bethe formula; all atoms scatter independently and elastically.

    Raises
    ------
    UserError
        If the formula is not valid.
    """
    try:
        composition = periodictable.formula(formula)
    except (ValueError, TypeError) as error:
        raise UserError(f"{formula!r} is not a chemical formula.", "Give a formula such as TiO2, WO3 or C.") from error
    wavelength = wavelength_a(voltage_kv)
    angles = np.geomspace(range_mrad[0], min(range_mrad[1], 1000 * math.pi), STEPS) / 1000
    stol = np.sin(angles / 2) / wavelength
    total = 0.0
    for element, count in composition.atoms.items():
        screened = np.nan_to_num(fxrayatstol(element.symbol, stol))  # further out, shell electrons do not contribute
        factor = (1 + voltage_kv / ELECTRON_KEV) * MOTT_BETHE_A * (element.number - screened) / stol**2
        total += count * float(np.trapezoid(factor**2 * 2 * math.pi * np.sin(angles), angles))
    per_a3 = density_g_cm3 * AVOGADRO_PER_A3 / float(composition.mass)
    return 10 * per_a3 * total


def wavelength_a(voltage_kv: float) -> float:
    """Wavelength of electrons in angstrom."""
    return PLANCK_LIGHT_KEV_A / math.sqrt(voltage_kv * (2 * ELECTRON_KEV + voltage_kv))
