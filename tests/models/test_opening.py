"""Models are opened by name or folder, whatever their kind."""

from pathlib import Path

import pytest

from particleforge.errors import UserError
from particleforge.models.kind import MODELS, bundled, kinds
from particleforge.models.opening import find_model, open_model, shadow_line


def test_every_kind_says_what_it_is():
    assert {"stardist", "estimator"} <= set(MODELS.names())
    for kind in kinds():
        assert MODELS.get(kind.kind) is kind and kind.title and kind.role
        for name, folder in kind.bundled.items():
            assert folder is None or kind.recognises(folder)
            assert find_model(name) == (kind, folder)


def test_bundled_models_go_by_their_role():
    assert {"base", "hetero"} <= bundled().keys()
    assert "hetero" not in bundled("detector") and "hetero" in bundled("estimator")


@pytest.mark.parametrize(
    ("name", "role", "says"),
    [
        ("hetero", "detector", "hetero is an estimator; use `estimate`."),
        ("base", "estimator", "base is a detector; use `measure`."),
    ],
)
def test_a_model_of_another_role_is_refused_in_a_sentence(name, role, says):
    with pytest.raises(UserError) as by_name:
        open_model(name, role)
    assert str(by_name.value) == says
    with pytest.raises(UserError, match=r"is an? .*; use `"):
        open_model(open_model(name), role)


def test_a_role_without_a_verb_of_its_own_is_named(monkeypatch):
    with pytest.raises(UserError, match="base is a detector; use `measure`"):
        open_model("base", "generator")


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"bse is not a folder.*one of base"):
        open_model("bse", "detector")
    with pytest.raises(UserError, match="bse is not a folder") as none:
        open_model("bse", "classifier")
    assert none.value.hint == "Give the folder of a trained model."
    with pytest.raises(UserError, match="holds no detector"):
        open_model(tmp_path, "detector")


@pytest.mark.parametrize("name", ["base", "hetero", "threshold"])
def test_the_name_of_a_bundled_model_is_never_a_folder_that_is_here(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shadow_line(name) == {}
    (tmp_path / name).mkdir()
    kind, folder = find_model(name)
    assert folder == kind.bundled[name]
    assert shadow_line(name) == {
        "note": f"{name} is the bundled model, not the folder {name} that is here; for that, give ./{name}."
    }
    for path in (f"./{name}", Path(name), str(tmp_path / name)):
        with pytest.raises(UserError, match="holds no model"):
            find_model(path)
        assert shadow_line(path) == {}
