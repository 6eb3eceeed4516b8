"""Numbers of the materials against what they come from."""

from pathlib import Path

import numpy as np
import pytest

import particleforge.recipes.render
from particleforge.plain_data import read_yaml
from particleforge.recipes.named import names
from particleforge.recipes.render.material import Material

MATERIALS = Path(particleforge.recipes.render.__file__).parent / "materials"
ATOMIC_MASS = {1: 1.008, 6: 12.011, 8: 15.999, 11: 22.990, 12: 24.305, 13: 26.982, 14: 28.085, 20: 40.078}
ATOMIC_MASS |= {22: 47.867, 26: 55.845, 30: 65.38, 47: 107.868, 79: 196.967}
SODA_LIME = {14: 1.215, 8: 3.016, 11: 0.452, 20: 0.160, 12: 0.099}  # 73 SiO2, 14 Na2O, 9 CaO, 4 MgO by mass
ATOMS = {
    "alumina": {13: 2, 8: 3},
    "carbon_black": {6: 1},
    "carbon_film": {6: 1},
    "glass": SODA_LIME,
    "gold": {79: 1},
    "iron": {26: 1},
    "polystyrene": {6: 8, 1: 8},
    "silica": {14: 1, 8: 2},
    "silicon": {14: 1},
    "silver": {47: 1},
    "titania": {22: 1, 8: 2},
    "zinc_oxide": {30: 1, 8: 1},
}
NEAR_550_NM = {  # n, k as published
    "gold": (0.43, 2.455),  # Johnson and Christy, Phys. Rev. B 1972, 6, 4370
    "silver": (0.06, 3.586),
    "iron": (2.95, 2.93),  # the same, Phys. Rev. B 1974, 9, 5056
    "silicon": (4.087, 0.041),  # Aspnes and Studna, Phys. Rev. B 1983, 27, 985; between 539 and 564 nm
    "titania": (2.648, 0),  # DeVore, J. Opt. Soc. Am. 1951, 41, 416, ordinary ray
    "zinc_oxide": (2.020, 0),  # Bond, J. Appl. Phys. 1965, 36, 1674, ordinary ray
    "carbon_black": (1.95, 0.79),  # Bond and Bergstrom, Aerosol Sci. Technol. 2006, 40, 27
}
APERTURE_MRAD, KEV, BOHR_NM = 5.0, 200.0, 0.0529


def mean_free_path_nm(material, atoms):
    """Lenz, Z. Naturforsch. 1954, 9a, 185: electrons scattered out of the aperture, elastically or not."""
    relative = 1 + KEV / 511
    wave_nm = 1.2264 / np.sqrt(KEV * 1e3 * (1 + KEV / 1022))
    mass = sum(ATOMIC_MASS[z] * count for z, count in atoms.items())
    cross = 0.0
    for z, count in atoms.items():
        radius = BOHR_NM * z ** (-1 / 3)
        ratio = APERTURE_MRAD / 1e3 / (wave_nm / (2 * np.pi * radius))
        unit = (radius * wave_nm * relative / BOHR_NM) ** 2 / np.pi
        beyond = 1 / (1 + ratio**2)
        cross += count * unit * (z**2 * beyond + 4 * z * (np.log(1 + ratio**-2) / 2 - beyond / 4))
    return mass / (602.2 * material.density_g_cm3 * cross)


def read(name):
    return Material.parse(read_yaml(MATERIALS / f"{name}.yaml"))


def test_every_material_is_looked_at():
    assert names(MATERIALS) == sorted(ATOMS)
    assert Material() == read("silica")


@pytest.mark.parametrize("name", ATOMS)
def test_atomic_numbers_and_mean_free_paths_follow_from_what_a_material_is(name):
    material, atoms = read(name), ATOMS[name]
    masses = {z: ATOMIC_MASS[z] * count for z, count in atoms.items()}
    mean = sum(z * mass for z, mass in masses.items()) / sum(masses.values())
    assert material.atomic_number == pytest.approx(mean, rel=0.01)
    assert material.mean_free_path_nm == pytest.approx(mean_free_path_nm(material, atoms), rel=0.03)


@pytest.mark.parametrize("name", NEAR_550_NM)
def test_refractive_indices_are_those_published(name):
    material = read(name)
    assert (material.refractive_index, material.extinction) == pytest.approx(NEAR_550_NM[name], rel=0.03)
