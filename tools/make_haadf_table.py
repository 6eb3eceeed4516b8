"""Make the table of HAADF intensities of TiO2 and WO3 crystals by frozen-phonon multislice simulations.

``uv run tools/make_haadf_table.py``: about an hour on one core. It may be stopped and started again: each crystal and
direction has a file of its own in the work folder.

Plane waves whose tilts fill the beam's cone are averaged, which gives what the average over all places of a focused
probe does. Atoms are displaced by independent normal numbers. The box is spanned by lattice vectors across the beam,
sheared by up to 1.6 degrees into a rectangle, so that it has no edges; along the beam it is cut anywhere.

Scattering factors, wavelength and interaction constant are abTEM's. Each slice's projected potential is the exact sum
over its atoms in Fourier space. On a grid of this step abTEM itself spreads an atom over four pixels, which takes 5 to
9 % of the electrons between 62 and 100 mrad, 20 % between 100 and 160 and 25 to 40 % beyond; with finer pixels it comes
to the same result as this.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["abtem==1.0.11", "ase==3.29.0", "scipy==1.17.1"]
# ///

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import abtem
import ase
import numpy as np
import scipy.fft
from abtem.core.energy import energy2sigma, energy2wavelength
from abtem.parametrizations import LobatoParametrization
from ase.geometry import cellpar_to_cell
from scipy.sparse import csr_array

OUT = Path(__file__).parents[1] / "src/particleforge/recipes/aggregate/haadf_table.npz"
VOLTAGE_KV = 300.0
SEMI_CONVERGENCE_MRAD = 21.0
RING_MRAD, RINGS = 2.0, 100
STEP_NM, STEPS = 2.0, 15
SLICE_A = 2.0
SAMPLING_A = 0.0325
"""Two thirds of the highest frequency of the grid are kept: 200 mrad and a little more."""
CONFIGURATIONS = 4
"""Sets of displaced atoms."""
DIRECTIONS = 10
"""Nine equal steps from [100] to [010], and a random one."""
SHORTEST_A, LONGEST_A = 14.0, 42.0
"""Sides of the box across the beam."""
LARGEST_SHEAR = 0.028
"""Of the crystal, to fit the box."""
SEED = 0

IDENTITY, INVERSION = (1, 1, 1, 0, 0, 0), (-1, -1, -1, 0, 0, 0)
"""Signs of x, y, z, and what is added to them."""
PHASES: dict[str, dict[str, Any]] = {
    "rutile": {
        "formula": "TiO2",
        "space_group": "P4_2/mnm",
        "cell": (4.594, 4.594, 2.959, 90, 90, 90),
        "operations": (IDENTITY, (-1, -1, 1, 0, 0, 0), (-1, 1, -1, 0.5, 0.5, 0.5), (1, -1, -1, 0.5, 0.5, 0.5)),
        "sites": (("Ti", 0, 0, 0), ("Ti", 0.5, 0.5, 0.5), ("O", 0.305, 0.305, 0)),
        "u_a2": {"Ti": 0.006, "O": 0.006},
        "fourfold": True,
        "source": "within 0.003 A of Howard, Sabine and Dickson, Acta Cryst. 1991, B47, 462",
    },
    "anatase": {
        "formula": "TiO2",
        "space_group": "I4_1/amd",
        "cell": (3.785, 3.785, 9.514, 90, 90, 90),
        "operations": (IDENTITY, (1, 1, 1, 0.5, 0.5, 0.5), (1, 1, 1, 0, 0.5, 0.25), (1, 1, 1, 0.5, 0, 0.75)),
        "sites": (("Ti", 0, 0, 0), ("O", 0, 0, 0.208), ("O", 0, 0, -0.208)),
        "u_a2": {"Ti": 0.006, "O": 0.006},
        "fourfold": True,
        "source": "within 0.003 A of Howard, Sabine and Dickson, Acta Cryst. 1991, B47, 462",
    },
    "wo3_gamma": {
        "formula": "WO3",
        "space_group": "P2_1/n",
        "cell": (7.306, 7.540, 7.692, 90, 90.881, 90),
        "operations": (IDENTITY, (-1, 1, -1, 0.5, 0.5, 0.5), INVERSION, (1, -1, 1, 0.5, 0.5, 0.5)),
        "sites": (
            ("W", 0.2528, 0.0260, 0.2855),
            ("W", 0.2497, 0.0344, 0.7806),
            ("O", 0.0003, 0.0337, 0.2122),
            ("O", 0.9986, 0.4632, 0.2177),
            ("O", 0.2836, 0.2605, 0.2852),
            ("O", 0.2080, 0.2588, 0.7332),
            ("O", 0.2856, 0.0410, 0.0040),
            ("O", 0.2841, 0.4844, 0.9944),
        ),
        "u_a2": {"W": 0.004, "O": 0.007},
        "fourfold": False,
        "source": "Loopstra and Rietveld, Acta Cryst. 1969, B25, 1420",
    },
    "wo3_delta": {
        "formula": "WO3",
        "space_group": "P-1",
        "cell": (7.309, 7.522, 7.678, 88.81, 90.92, 90.93),
        "operations": (IDENTITY, INVERSION),
        "sites": (
            ("W", 0.2566, 0.0259, 0.2850),
            ("W", 0.2502, 0.5280, 0.2158),
            ("W", 0.2438, 0.0313, 0.7817),
            ("W", 0.2499, 0.5338, 0.7190),
            ("O", 0.0007, 0.0386, 0.2100),
            ("O", 0.5038, 0.5361, 0.2181),
            ("O", 0.0076, 0.4660, 0.2884),
            ("O", 0.4972, 0.9638, 0.2878),
            ("O", 0.2851, 0.2574, 0.2870),
            ("O", 0.2204, 0.7630, 0.2223),
            ("O", 0.2186, 0.2627, 0.7258),
            ("O", 0.2840, 0.7583, 0.7679),
            ("O", 0.2943, 0.0422, 0.9998),
            ("O", 0.2971, 0.5446, 0.4982),
            ("O", 0.2096, 0.4820, 0.9928),
            ("O", 0.2088, 0.9830, 0.5056),
        ),
        "u_a2": {"W": 0.004, "O": 0.007},
        "fourfold": False,
        "source": "Diehl, Brandt and Salje, Acta Cryst. 1978, B34, 1105",
    },
}
WAVELENGTH_A = energy2wavelength(1000 * VOLTAGE_KV)
SIGMA = energy2sigma(1000 * VOLTAGE_KV)


def unit_cell(phase: dict[str, Any]) -> ase.Atoms:
    """All atoms of the unit cell."""
    symbols: list[str] = []
    places: list[np.ndarray] = []
    for symbol, *site in phase["sites"]:
        for operation in phase["operations"]:
            place = (np.multiply(site, operation[:3]) + operation[3:]) % 1
            if not any(np.abs((place - other + 0.5) % 1 - 0.5).max() < 1e-3 for other in places):
                symbols.append(symbol)
                places.append(place)
    return ase.Atoms(symbols, scaled_positions=places, cell=cellpar_to_cell(phase["cell"]), pbc=True)


def direction(cell: np.ndarray, index: int, rng: np.random.Generator) -> np.ndarray:
    """Return the unit vector along the beam: a step from [100] to [010], or a random one."""
    if index == DIRECTIONS - 1:
        found = rng.normal(size=3)
    else:
        angle = np.pi / 2 * index / (DIRECTIONS - 2)
        across = np.cross(np.cross(cell[0], cell[1]), cell[0])
        to_b = np.arctan2(cell[1] @ across / np.linalg.norm(across), cell[1] @ cell[0] / np.linalg.norm(cell[0]))
        angle *= to_b / (np.pi / 2)
        found = np.cos(angle) * cell[0] / np.linalg.norm(cell[0]) + np.sin(angle) * across / np.linalg.norm(across)
    return found / np.linalg.norm(found)


def box(cell: np.ndarray, beam: np.ndarray, planar: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return two lattice vectors that nearly span a rectangle across the beam, as small as there is, and the beam."""
    reach = range(-9, 10)
    counts = np.array([c for c in itertools.product(reach, reach, reach) if any(c)])
    if planar:
        counts = counts[(counts[:, 2] == 0) | (~counts[:, :2].any(1))]
    vectors = counts @ cell
    lengths = np.linalg.norm(vectors, axis=1)
    fit = (lengths > SHORTEST_A) & (lengths < LONGEST_A) & (np.abs(vectors @ beam) < LARGEST_SHEAR * lengths)
    vectors, lengths = vectors[fit], lengths[fit]
    area = np.outer(lengths, lengths)
    area[np.abs(vectors @ vectors.T) > LARGEST_SHEAR * area] = np.inf
    first, second = np.unravel_index(np.argmin(area), area.shape)
    return vectors[first], vectors[second], beam


def cut(crystal: ase.Atoms, sides: tuple[np.ndarray, np.ndarray, np.ndarray], rng: np.random.Generator) -> ase.Atoms:
    """Return the atoms in a box with the beam along z, sheared square, from a random place."""
    first, second, beam = sides
    depth = 10 * STEP_NM * STEPS
    flat = first - (first @ beam) * beam
    width = np.linalg.norm(flat)
    height = (second - (second @ beam) * beam) @ np.cross(beam, flat / width)
    to_shares = np.linalg.inv(np.array([first, second, depth * beam]))
    corners = np.array(list(itertools.product((0, 1), repeat=3))) @ np.array([first, second, depth * beam])
    limits = corners @ np.linalg.inv(crystal.cell.array)
    ranges = [np.arange(np.floor(limit.min()) - 2, np.ceil(limit.max()) + 2) for limit in limits.T]
    origins = np.stack(np.meshgrid(*ranges, indexing="ij"), -1).reshape(-1, 3) @ crystal.cell.array
    start = rng.uniform(size=3) @ crystal.cell.array
    symbols, places = [], []
    for symbol, place in zip(crystal.symbols, crystal.positions, strict=True):
        shares = (origins + place - start) @ to_shares
        inside = shares[((shares >= 0) & (shares < 1)).all(1)]
        places.append(inside * (width, abs(height), depth))
        symbols += [symbol] * len(inside)
    return ase.Atoms(symbols, np.concatenate(places), cell=(width, abs(height), depth), pbc=True)


class Grid:
    """Frequencies, the propagator between slices, and shares of the frequencies in each ring."""

    def __init__(self, sides_a: np.ndarray, slice_a: float) -> None:
        self.sides_a = sides_a[:2]
        self.shape = tuple(scipy.fft.next_fast_len(int(np.ceil(side / SAMPLING_A))) for side in self.sides_a)
        self.kx, self.ky = (np.fft.fftfreq(n, side / n) for n, side in zip(self.shape, self.sides_a, strict=True))
        squared = self.kx[:, None] ** 2 + self.ky**2
        self.limit = min(n / side for n, side in zip(self.shape, self.sides_a, strict=True)) / 3
        self.kept = squared <= self.limit**2
        self.propagator = (self.kept * np.exp(-1j * np.pi * WAVELENGTH_A * slice_a * squared)).astype(np.complex64)
        self.rows = np.flatnonzero(np.abs(self.kx) <= self.limit)
        half = np.fft.rfftfreq(self.shape[1], self.sides_a[1] / self.shape[1])
        self.half = half[half <= self.limit]
        self.squared = self.kx[self.rows, None] ** 2 + self.half**2
        self.rings = self._rings()

    def _rings(self) -> csr_array:
        fine = (np.arange(4) + 0.5) / 4 - 0.5
        total = csr_array((RINGS, self.shape[0] * self.shape[1]))
        pixels = np.arange(self.shape[0] * self.shape[1])
        for x, y in itertools.product(fine, fine):
            radius = np.hypot((self.kx + x / self.sides_a[0])[:, None], self.ky + y / self.sides_a[1])
            ring = np.floor(1000 * WAVELENGTH_A * radius / RING_MRAD).astype(int).ravel()
            inside = ring < RINGS
            total = total + csr_array((np.full(inside.sum(), 1 / 16), (ring[inside], pixels[inside])), total.shape)
        return total.astype(np.float32)


def transmissions(atoms: ase.Atoms, grid: Grid, slice_a: float) -> Iterator[np.ndarray]:
    """Yield each slice's transmission."""
    factors = {
        symbol: LobatoParametrization().projected_scattering_factor(symbol)(grid.squared).astype(np.float32)
        for symbol in sorted(set(atoms.symbols))
    }
    area = float(np.prod(grid.sides_a))
    slices = np.floor(atoms.positions[:, 2] / slice_a).astype(int)
    for number in range(round(atoms.cell.lengths()[2] / slice_a)):
        there = atoms[slices == number]
        found = np.zeros((grid.shape[0], grid.shape[1] // 2 + 1), np.complex64)
        for symbol, factor in factors.items():
            x, y = there.positions[there.symbols == symbol, :2].T
            along_x = np.exp(-2j * np.pi * np.outer(grid.kx[grid.rows], x)).astype(np.complex64)
            along_y = np.exp(-2j * np.pi * np.outer(y, grid.half)).astype(np.complex64)
            found[grid.rows, : len(grid.half)] += factor * (along_x @ along_y)
        pixels = grid.shape[0] * grid.shape[1]
        phase = SIGMA * pixels / area * scipy.fft.irfft2(found, grid.shape)
        wave = scipy.fft.fft2(np.exp(1j * phase.astype(np.float32)))
        yield scipy.fft.ifft2(wave * grid.kept, overwrite_x=True)


def tilted_waves(grid: Grid, tilts_mrad: np.ndarray) -> np.ndarray:
    """Plane waves of one electron each, their tilts rounded to those the box can hold."""
    counts = np.round(tilts_mrad / 1000 / WAVELENGTH_A * grid.sides_a)
    x, y = (np.arange(n) / n for n in grid.shape)
    waves = [np.exp(2j * np.pi * (i * x[:, None] + j * y)) for i, j in counts]
    return np.asarray(waves, np.complex64)


def simulate(atoms: ase.Atoms, grid: Grid, tilts_mrad: np.ndarray, slice_a: float) -> np.ndarray:
    """Share of the electrons in each ring (waves, steps, rings)."""
    waves = tilted_waves(grid, tilts_mrad)
    pixels = grid.shape[0] * grid.shape[1]
    per_step = round(10 * STEP_NM / slice_a)
    found = []
    for number, transmission in enumerate(transmissions(atoms, grid, slice_a), 1):
        waves *= transmission
        waves = scipy.fft.fft2(waves, overwrite_x=True)
        waves *= grid.propagator
        if number % per_step == 0:
            shares = np.abs(waves.reshape(len(waves), -1)) ** 2 / np.float32(pixels) ** 2
            found.append((grid.rings @ shares.T).T)
        waves = scipy.fft.ifft2(waves, overwrite_x=True)
    return np.stack(found, 1)


def cone(count: int, rng: np.random.Generator) -> np.ndarray:
    """Tilts that fill the cone evenly, in mrad."""
    radius = SEMI_CONVERGENCE_MRAD * np.sqrt((np.arange(count) + 0.5) / count)
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(count) + rng.uniform(0, 2 * np.pi)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def displaced(atoms: ase.Atoms, u_a2: dict[str, float], rng: np.random.Generator) -> ase.Atoms:
    """Atoms displaced by thermal motion."""
    spread = np.sqrt([u_a2[symbol] for symbol in atoms.symbols])
    found = atoms.copy()
    found.positions += spread[:, None] * rng.normal(size=(len(atoms), 3))
    found.wrap()
    return found


def one(name: str, index: int, tilts: int) -> dict[str, Any]:
    """Simulate one crystal in one direction: mean and standard error (steps, rings), and how it lay."""
    phase, crystal = PHASES[name], unit_cell(PHASES[name])
    rng = np.random.default_rng([SEED, list(PHASES).index(name), index])
    cell = crystal.cell.array
    sides = box(cell, direction(cell, index, rng), planar=index < DIRECTIONS - 1)
    waves = cone(CONFIGURATIONS * tilts, rng)
    boxes = [displaced(cut(crystal, sides, rng), phase["u_a2"], rng) for _ in range(CONFIGURATIONS)]
    grid = Grid(boxes[0].cell.lengths(), SLICE_A)
    runs = [simulate(atoms, grid, waves[i::CONFIGURATIONS], SLICE_A).mean(0) for i, atoms in enumerate(boxes)]
    error = np.std(runs, axis=0, ddof=1) / np.sqrt(CONFIGURATIONS)
    beam = np.linalg.solve(cell.T, sides[2])
    return {
        "intensity": np.mean(runs, 0),
        "standard_error": error,
        "beam_uvw": beam / np.abs(beam).max(),
        "box_a": grid.sides_a,
        "tilts": tilts,
    }


def source_of(name: str, index: int) -> int:
    """Return the direction that is simulated: past [110] a crystal with a fourfold axis looks as before it."""
    return min(index, DIRECTIONS - 2 - index) if PHASES[name]["fourfold"] and index < DIRECTIONS - 1 else index


def metadata(work: Path) -> dict[str, Any]:
    """How the table was made."""
    phases = {}
    for name, phase in PHASES.items():
        crystal = unit_cell(phase)
        density = crystal.get_masses().sum() / crystal.get_volume() * 1.66053907
        files = [np.load(work / f"{name}-{source_of(name, i)}.npz") for i in range(DIRECTIONS)]
        phases[name] = phase | {
            "density_g_cm3": round(density, 3),
            "beam_uvw": [np.round(file["beam_uvw"], 4).tolist() for file in files],
            "box_a": [np.round(file["box_a"], 3).tolist() for file in files],
            "tilts_per_configuration": [int(file["tilts"]) for file in files],
            "simulated_as": [source_of(name, i) for i in range(DIRECTIONS)],
        }
    return {
        "voltage_kv": VOLTAGE_KV,
        "semi_convergence_mrad": SEMI_CONVERGENCE_MRAD,
        "ring_mrad": RING_MRAD,
        "step_nm": STEP_NM,
        "slice_a": SLICE_A,
        "sampling_a": SAMPLING_A,
        "configurations": CONFIGURATIONS,
        "directions": "0 to 8: equal steps from [100] to [010]; 9: random",
        "thermal_displacements": "u_a2: mean square along an axis; rounded from refinements at room temperature",
        "scattering_factors": "Lobato and Van Dyck, Acta Cryst. 2014, A70, 636",
        "seed": SEED,
        "made_with": {"abtem": abtem.__version__, "ase": ase.__version__, "numpy": np.__version__},
        "phases": phases,
    }


def main() -> None:
    """Simulate what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--work", type=Path, default=Path("build/haadf_table"))
    parser.add_argument("--tilts", type=int, default=16, help="Plane waves through each set of displaced atoms.")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    for index, name in itertools.product(range(DIRECTIONS), PHASES):
        path = args.work / f"{name}-{index}.npz"
        if source_of(name, index) == index and not path.exists():
            began = time.monotonic()
            found = one(name, index, args.tilts)
            partial = path.with_suffix(".part.npz")
            np.savez(partial, **found)
            partial.replace(path)
            print(f"{path.name}: {time.monotonic() - began:.0f} s", flush=True)
    files = [[np.load(args.work / f"{name}-{source_of(name, i)}.npz") for i in range(DIRECTIONS)] for name in PHASES]
    tables = {
        key: np.array([[file[key] for file in row] for row in files], np.float32)
        for key in ("intensity", "standard_error")
    }
    np.savez_compressed(args.out, **tables, metadata=np.array(json.dumps(metadata(args.work))))
    print(f"{args.out}: {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
