import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from particleforge.errors import UserError
from particleforge.recipes.aggregate.imaging.bright_field import BACKWARDS_MRAD, BrightField
from particleforge.recipes.aggregate.imaging.haadf import Haadf, shift_rows
from particleforge.recipes.aggregate.imaging.imaging import project, thicknesses
from particleforge.recipes.aggregate.material import Material
from particleforge.recipes.aggregate.scattering import coefficient_per_nm, wavelength_a
from particleforge.recipes.aggregate.spheres import Spheres
from particleforge.recipes.aggregate.view import View, view_of

TUNGSTEN = Material(name="WO3", formula="WO3", density_g_cm3=7.16, orientation_factor=1)
STILL = Haadf(dose=0, jitter_px=0, semi_convergence_mrad=0, probe_nm=0)
RING = (62.0, 231.0)


def expose(imaging, radius=6.0, shape=(65, 65), height=0.0, pixel=0.5, seed=0):
    sphere = Spheres(np.array([[0.0, 0.0, height]]), np.array([radius]), np.zeros(1, int), np.zeros(1, int), 0.0)
    view = view_of(sphere, shape, pixel)
    assert isinstance(view, View)
    return imaging.expose(view, sphere, (TUNGSTEN,), np.random.default_rng(seed))


def test_scattering_is_that_of_measurements():
    assert wavelength_a(300) == pytest.approx(0.0196875, rel=1e-4)
    titania, tungsten = (coefficient_per_nm(*one, 300, RING) * 1000 for one in (("TiO2", 4.0), ("WO3", 7.16)))
    assert 0.37 < titania < 0.57  # measured 0.50, quartiles 0.38 and 0.57
    assert 1.31 < tungsten < 2.0  # measured 1.69, quartiles 1.31 and 1.87
    # elastic mean free path of carbon at 200 kV outside of 10 mrad: 200 to 400 nm in the literature
    assert 200 < 1 / coefficient_per_nm("C", 2.0, 200, (10, BACKWARDS_MRAD)) < 400


def test_heavier_atoms_scatter_by_nearly_z_squared():
    carbon, gold = (coefficient_per_nm(formula, 1.0, 300, RING) for formula in ("C", "Au"))
    per_atom = gold * 196.97 / (carbon * 12.011)
    assert 1.6 < np.log(per_atom) / np.log(79 / 6) < 2


def test_a_formula_nobody_knows_is_refused():
    with pytest.raises(UserError, match="not a chemical formula"):
        coefficient_per_nm("Xx2", 1.0, 300, RING)


def test_a_sphere_has_the_closed_form():
    mu = coefficient_per_nm("WO3", 7.16, 300, RING)
    image = expose(STILL, pixel=0.25, shape=(129, 129))
    assert image[64, 64] == pytest.approx(1 - np.exp(-12 * mu), rel=2e-3)
    deep = 12 * mu
    total = np.pi * 36 - np.pi / 2 * (1 - np.exp(-deep) * (1 + deep)) / mu**2
    assert image.sum() * 0.25**2 == pytest.approx(total, rel=2e-3)


def test_spheres_outside_of_the_frame_leave_it_empty():
    outside = np.array([[20.0, 70.0], [20.0, -30.0], [70.0, 20.0], [-30.0, 20.0], [90.0, 90.0], [20.0, 45.0]])
    for place in outside:
        view = View(place[None], np.zeros(1), np.array([4.0]), (40, 40), 1.0)
        assert not project(view, [thicknesses(4.0)], np.array([0.3])).any()


def test_out_of_focus_is_blurred_by_the_cone_and_keeps_its_sum():
    sharp = expose(STILL)
    blurred = expose(STILL.replace(semi_convergence_mrad=21), height=200)
    sigma = 200 * np.tan(0.021) / 2 / 0.5
    np.testing.assert_allclose(blurred, gaussian_filter(sharp, sigma, mode="constant"), atol=2e-3 * sharp.max())
    assert blurred.sum() == pytest.approx(sharp.sum(), rel=1e-3)
    refocused = expose(STILL.replace(semi_convergence_mrad=21, defocus_nm=200), height=200)
    np.testing.assert_allclose(refocused, sharp, atol=1e-6)


def test_dose_gives_poisson_statistics():
    flat = STILL.replace(film_nm=100)
    clean = expose(flat, radius=1)[:20]
    noisy = np.stack([expose(flat.replace(dose=5000), radius=1, seed=seed)[:20] for seed in range(30)])
    assert noisy.mean() == pytest.approx(clean.mean(), rel=0.01)
    assert noisy.var() == pytest.approx(clean.mean() / 5000, rel=0.03)


def test_rows_are_shifted_by_parts_of_pixels():
    ramp = np.tile(np.arange(100, dtype=np.float32), (2000, 1))
    shifts = shift_rows(ramp, 0.3, np.random.default_rng(0))[:, 50] - 50
    assert shifts.std() == pytest.approx(0.3, rel=0.06)
    np.testing.assert_array_equal(shift_rows(ramp, 0, np.random.default_rng(0)), ramp)


def test_bright_field_fades_by_the_law_of_beer():
    imaging = BrightField(dose=0, blur_nm=0, film_nm=20)
    image = expose(imaging, pixel=0.25, shape=(129, 129))
    mu, film = (coefficient_per_nm(*of, 200, (10, BACKWARDS_MRAD)) for of in (("WO3", 7.16), ("C", 2.0)))
    assert image[0, 0] == pytest.approx(np.exp(-20 * film), rel=1e-5)
    assert image[64, 64] == pytest.approx(np.exp(-20 * film - 12 * mu), rel=1e-2)


def test_a_ring_that_is_turned_inside_out_is_refused():
    with pytest.raises(UserError, match="inner_mrad 100 must be smaller than outer_mrad 50"):
        Haadf.parse({"detector": {"inner_mrad": 100, "outer_mrad": 50}})
