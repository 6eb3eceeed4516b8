import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.draws import LogNormal, fix
from particleforge.errors import UserError
from particleforge.recipes.aggregate.descriptors import (
    components,
    contact_pairs,
    fractal_dimension,
    radius_of_gyration_nm,
)
from particleforge.recipes.aggregate.growth.exact import Exact
from particleforge.recipes.aggregate.growth.paper import Paper
from particleforge.recipes.aggregate.spheres import Spheres
from particleforge.recipes.aggregate_scene.grown import Grown
from particleforge.recipes.aggregate_scene.recipe import AggregateScene
from particleforge.recipes.any import parse_recipe, read_recipe
from particleforge.recipes.neighbourhood.recipe import Neighbourhood
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.render.placement.scattered import Scattered
from particleforge.recipes.render.population import Population
from particleforge.recipes.render.truth import truth_table
from particleforge.seeds import stream

FLAT = np.zeros((300, 300), np.float32)


def spheres_of(truth):
    """Spheres from the rows of a truth table."""
    none = np.zeros(len(truth), np.int64)
    positions = truth[["x_nm", "y_nm", "z_nm"]].to_numpy(float)
    return Spheres(positions, truth["diameter_nm"].to_numpy(float) / 2, none, none, 0.0)


def dimension(spheres, prefactor):
    return fractal_dimension(len(spheres), radius_of_gyration_nm(spheres) / spheres.radii_nm.mean(), prefactor)


def put(placement, count, seed=0):
    bodies = Population(diameter_nm=LogNormal(median=10, gsd=1.2)).draw(np.random.default_rng(seed), count, 1.0)
    rng = np.random.default_rng(seed)
    return bodies, fix(placement, rng).place(bodies, FLAT, rng)


@settings(max_examples=15)
@given(wanted=st.floats(1.5, 2.2), overlap=st.floats(0, 0.3), seed=st.integers(0, 2**32))
def test_bodies_are_where_the_growth_puts_its_spheres(wanted, overlap, seed):
    growth = Exact(particles=25, fractal_dimension=wanted, prefactor=1.3, overlap=overlap)
    bodies, placed = put(Grown(growth=growth), 25, seed)
    assert [body.diameter_px for body in placed] == [body.diameter_px for body in bodies]
    middles = np.array([body.mesh.centroid for body in placed])
    radii, none = np.array([body.diameter_px / 2 for body in placed]), np.zeros(25, np.int64)
    spheres = Spheres(middles, radii, none, none, 0.0)
    assert dimension(spheres, 1.3) == pytest.approx(wanted, abs=0.002)
    pairs = contact_pairs(spheres, (1 - overlap) * growth.contact_factor)
    assert components(pairs, 25)[0] == 1
    nearest = np.linalg.norm(middles[:, None] - middles, axis=-1) / (radii[:, None] + radii)
    assert nearest[np.triu_indices(25, 1)].min() > 1 - overlap - 1e-6
    assert min(body.mesh.vertices[:, 2].min() for body in placed) == pytest.approx(0, abs=0.5)


def test_particles_are_shared_out_among_aggregates():
    _, placed = put(Grown(growth=Paper(particles=20, fractal_dimension=1.8)), 65)
    assert np.bincount([body.cluster for body in placed])[1:].tolist() == [22, 22, 21]
    _, placed = put(Grown(growth=Paper(particles=20)), 5)
    assert [body.cluster for body in placed] == [1] * 5
    assert put(Grown(), 0)[1] == []


def test_aggregates_that_there_are_not_or_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match=r"No aggregate of 30 particles with D_f 3 .* D_f from about"):
        put(Grown(growth=Exact(particles=30, fractal_dimension=3, prefactor=2.5, repeats=10, restarts=1)), 30)
    with pytest.raises(UserError, match="10 clusters of 400 particles do not fit into 300 x 300 px"):
        put(Grown(growth=Paper(particles=40, fractal_dimension=1.1), scatter=Scattered(cut_by_border=False)), 400)


def test_the_truth_of_an_image_is_the_spheres_of_its_aggregates(engine):
    recipe = read_recipe("flame_titania").replace(samples_per_pixel=1, particles=80)
    fixed = fix(recipe, stream(2, "fix", 0))
    scene = fixed.scene(np.random.default_rng(0))
    view, _ = fixed.seen(scene, engine, np.random.default_rng(1))
    truth = truth_table(scene, view)
    assert len(truth) == 80
    assert truth["cluster"].nunique() == max(1, round(80 / fixed.placement.growth.particles))
    for _, rows in truth.groupby("cluster"):
        found = dimension(spheres_of(rows), fixed.placement.growth.prefactor)
        assert found == pytest.approx(fixed.placement.growth.fractal_dimension, abs=0.002)
    seen = truth[truth["visible_fraction"] > 0.9]
    assert len(seen) > 5
    for row in seen.itertuples():  # what is seen in the middle of a sphere that nothing hides is this sphere
        assert view.labels[round(row.y_px), round(row.x_px)] == row.label


def test_a_sample_has_its_recipe_and_is_the_same_again(engine):
    recipe = AggregateScene(particles=12, height_px=96, width_px=96, samples_per_pixel=1)
    sample, again = (make_sample(recipe, engine, 0, 0) for _ in range(2))
    assert len(sample.truth) == 12
    np.testing.assert_array_equal(sample.micrograph.pixels, again.micrograph.pixels)
    parsed = parse_recipe(sample.recipe)
    assert isinstance(parsed, AggregateScene)
    assert fix(parsed, np.random.default_rng(0)) == parsed
    near = Neighbourhood(recipe=recipe, around=(parsed,))
    assert Neighbourhood.parse(near.model_dump(mode="json")) == near
