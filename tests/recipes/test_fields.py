import copy

import pytest

from particleforge.errors import UserError
from particleforge.recipes.any import read_recipe
from particleforge.recipes.fields import innermost, names_in, value_of, with_value

DATA = read_recipe("aggregate").model_dump(mode="json")


def test_items_of_lists_are_found_by_number_and_by_name():
    assert value_of(DATA, "growth.prefactor") == 1.3
    assert value_of(DATA, "materials.1.radius_nm") == value_of(DATA, "materials.TiO2.radius_nm") == 5.78


def test_a_value_is_put_into_a_copy():
    before = copy.deepcopy(DATA)
    changed = with_value(DATA, "materials.WO3.gsd", 2.5)
    assert value_of(changed, "materials.0.gsd") == 2.5
    assert before == DATA
    assert with_value(changed, "materials.0.gsd", before["materials"][0]["gsd"]) == before


def test_every_name_that_is_listed_can_be_used():
    names = list(names_in(DATA))
    assert "materials.WO3.gsd" in names
    assert "imaging.detector.inner_mrad" in names
    assert not any(name.endswith((".low", ".high", ".values.0")) for name in names)
    for name in names:
        with_value(DATA, name, 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fractal_dimension", "growth.fractal_dimension"),
        ("materials.TiO3.share", "materials.TiO2.share"),
        ("materials.7.share", "no parameter 'materials.7.share'"),
        ("growth.prefactor.deeper", "no parameter"),
        ("", "no parameter ''"),
    ],
)
def test_a_missing_name_is_reported_with_similar_ones(name, expected):
    with pytest.raises(UserError) as found:
        value_of(DATA, name)
    assert expected in str(found.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("growth.particles", "a distribution"), ("kind", "'aggregate'"), ("materials.WO3.share", "None")],
)
def test_what_is_not_a_number_is_refused(name, expected):
    with pytest.raises(UserError, match="not one number per image") as found:
        value_of(DATA, name)
    assert expected in str(found.value)


def test_the_innermost_recipe_is_found():
    assert innermost({"kind": "batches", "recipe": {"kind": "neighbourhood", "recipe": {"kind": "shapes"}}}) == {
        "kind": "shapes"
    }
