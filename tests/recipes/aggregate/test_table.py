from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from particleforge.errors import UserError
from particleforge.recipes.aggregate import table
from particleforge.recipes.aggregate.imaging.haadf import Haadf
from particleforge.recipes.aggregate.imaging.imaging import thicknesses
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.scattering import coefficient_per_nm
from particleforge.recipes.aggregate.spheres import Spheres
from particleforge.recipes.aggregate.view import view_of

RING = (62.0, 231.0)
TITANIA = Material(crystals=("rutile", "anatase"))
STILL = Haadf(dose=0, jitter_px=0, semi_convergence_mrad=0, probe_nm=0)
every_crystal = pytest.mark.parametrize("crystal", get_args(table.Crystal))
ON_AXIS, OFF_AXIS = [0, 4, 8], [1, 2, 3, 5, 6, 7]


def expose(material, imaging=STILL, seed=0, radii=(6.0,) * 8):
    count = len(radii)
    places = np.stack([np.zeros(count), 16.0 * np.arange(count), np.zeros(count)], 1)
    spheres = Spheres(places, np.array(radii), np.zeros(count, int), np.zeros(count, int), 0.0)
    view = view_of(spheres, (80, 300), 0.5)
    return imaging.expose(view, spheres, (material,), np.random.default_rng(seed)), view


def peaks(image, view):
    return np.array([image[y, x] for y, x in np.round(view.places_px).astype(int)])


def test_the_table_is_small_and_says_how_it_was_made():
    found = table.table()
    assert table.PATH.stat().st_size < 1e6
    assert tuple(found.metadata["phases"]) == get_args(table.Crystal)
    assert found.intensity.shape == found.standard_error.shape
    crystals, directions, steps, rings = found.intensity.shape
    assert (crystals, directions) == (4, 10)
    assert steps * found.metadata["step_nm"] >= 30
    assert rings * found.metadata["ring_mrad"] == 200
    assert found.metadata["voltage_kv"] == 300
    assert found.metadata["semi_convergence_mrad"] == 21
    assert {"slice_a", "sampling_a", "configurations", "seed", "made_with"} <= set(found.metadata)
    for phase in found.metadata["phases"].values():
        assert phase["source"] and phase["sites"] and phase["u_a2"]
        assert len(phase["tilts_per_configuration"]) == directions
    with pytest.raises(ValueError, match="read-only"):
        found.intensity[:] = 0


def test_electrons_are_kept_and_errors_are_small():
    found = table.table()
    assert np.all(found.intensity >= 0)
    total = found.intensity.sum(-1)
    assert np.all((total > 0.97) & (total < 1.0001))
    detector = slice(31, 100)
    error = np.sqrt((found.standard_error[..., detector] ** 2).sum(-1)) / found.intensity[..., detector].sum(-1)
    assert error.max() < 0.03


@every_crystal
def test_thin_crystals_scatter_as_independent_atoms_and_more_along_an_axis(crystal):
    phase = table.table().metadata["phases"][crystal]
    per_nm = coefficient_per_nm(phase["formula"], phase["density_g_cm3"], 300, RING)
    thin = table.signals(crystal, RING)[:, 1] / table.table().metadata["step_nm"] / per_nm
    assert np.all((thin[OFF_AXIS] > 0.93) & (thin[OFF_AXIS] < 1.25))
    assert np.all(thin[ON_AXIS] > thin[OFF_AXIS].max())


@every_crystal
def test_the_signal_rises_with_thickness_and_stays_below_one(crystal):
    depth = np.linspace(0, 300, 601)
    for signal in table.signals(crystal, RING):
        found = table.curve(signal, depth)
        assert found[0] == 0
        assert np.all(np.diff(found) > 0)
        assert found[-1] < 1


@given(st.floats(62.5, 230.5))
def test_rings_add_up(middle):
    whole = table.signals("wo3_gamma", RING)
    parts = table.signals("wo3_gamma", (RING[0], middle)) + table.signals("wo3_gamma", (middle, RING[1]))
    np.testing.assert_allclose(parts, whole, rtol=1e-3)


def test_beyond_the_last_ring_atoms_scatter_on_their_own():
    far = table.signals("rutile", (210.0, 300.0))
    per_nm = coefficient_per_nm("TiO2", table.table().metadata["phases"]["rutile"]["density_g_cm3"], 300, (210, 300))
    assert far[0, -1] == pytest.approx(-np.expm1(-30 * per_nm), rel=1e-6)
    assert np.all(far == far[0])


def test_particles_of_one_size_differ_as_the_table_says():
    image, view = expose(TITANIA)
    signals = np.concatenate([table.signals(crystal, RING) for crystal in TITANIA.crystals])
    known = np.array([table.curve(signal, thicknesses(6.0))[-1] for signal in signals])
    found = peaks(image, view)
    assert len(np.unique(found.round(6))) > 2
    assert np.all(np.abs(found[:, None] / known - 1).min(1) < 5e-3)


def test_images_are_reproducible_and_need_no_factor():
    image, _ = expose(TITANIA, seed=4)
    np.testing.assert_array_equal(expose(TITANIA, seed=4)[0], image)
    assert not np.array_equal(expose(TITANIA, seed=5)[0], image)
    fixed = TITANIA.replace(orientation_factor=1)
    np.testing.assert_array_equal(expose(fixed.replace(orientation_factor=5), seed=4)[0], expose(fixed, seed=4)[0])


@pytest.mark.parametrize(
    "imaging", [STILL.replace(voltage_kv=200), STILL.replace(detector={"inner_mrad": 15, "outer_mrad": 30})]
)
def test_elsewhere_atoms_scatter_on_their_own(imaging):
    image, _ = expose(TITANIA, imaging)
    np.testing.assert_array_equal(image, expose(TITANIA.replace(crystals=()), imaging)[0])


def test_a_crystal_that_is_not_there_is_refused():
    there = "'rutile', 'anatase', 'wo3_gamma' or 'wo3_delta'"
    with pytest.raises(UserError, match=f"crystals.1 = 'brookite': Input should be {there}"):
        Material.parse({"crystals": ["rutile", "brookite"]})


def test_recipes_without_crystals_mean_independent_atoms():
    written = Material().model_dump(mode="json")
    del written["crystals"]
    assert Material.parse(written).crystals == ()
