"""Open a model by its name or folder, whatever its kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, overload

from particleforge.errors import UserError
from particleforge.models.kind import ModelKind, bundled, kinds
from particleforge.models.roles import Classifier, Detector, Estimator, Model
from particleforge.params import Params

VERBS = {cls.role: cls.verb for cls in (Classifier, Detector, Estimator)}
"""Verb that uses the models of a role."""


@overload
def open_model(given: str | Path | Detector[Any], role: Literal["detector"]) -> Detector[Any]: ...
@overload
def open_model(given: str | Path | Estimator, role: Literal["estimator"]) -> Estimator: ...
@overload
def open_model(given: str | Path | Classifier, role: Literal["classifier"]) -> Classifier: ...
@overload
def open_model(given: str | Path | Model, role: str = "") -> Model: ...
def open_model(given: str | Path | Model, role: str = "") -> Model:
    """Load a model.

    Parameters
    ----------
    given
        Name of a bundled model, for example ``base``, the folder of a model, or a loaded model; see `find_model`.
    role
        Role it must have; empty: any.

    Raises
    ------
    UserError
        If there is no such model, it has another role, or a file is missing or broken.
    """
    if not isinstance(given, (str, Path)):
        _check_role(str(given.provenance.get("name", "The model")), given.role, role)
        return given
    kind, folder = find_model(given, role)
    _check_role(str(given), kind.role, role)
    return kind.load(folder)


def find_model(name: str | Path, role: str = "") -> tuple[type[ModelKind], Path | None]:
    """Kind and folder of a model, by its name or folder; the folder is None for a model that has no files.

    The name of a bundled model means that model wherever the program runs; a folder of the same name is meant by a
    path, such as ``./base`` or a `Path`.

    Raises
    ------
    UserError
        If there is no such model.
    """
    path, named = Path(name), bundled()
    if str(name) in named and not (isinstance(name, Path) and path.is_dir()):
        kind = named[str(name)]
        return kind, kind.bundled[str(name)]
    if not path.is_dir():
        known = f", or one of {', '.join(bundled(role))}" if bundled(role) else ""
        raise UserError(f"{name} is not a folder.", f"Give the folder of a trained model{known}.")
    kind_found = recognised(path)
    if kind_found is None:
        raise UserError(f"{path} holds no {role or 'model'}.", "Give a folder written by `particleforge train`.")
    return kind_found, path


def shadow_line(name: object) -> dict[str, str]:
    """Line of a report of a verb on a folder that is called like the bundled model that was used; none without."""
    if not isinstance(name, str) or name not in bundled() or not Path(name).is_dir():
        return {}
    return {"note": f"{name} is the bundled model, not the folder {name} that is here; for that, give ./{name}."}


def methods_of(given: str | Path | Model, model: Model, options: Params) -> str:
    """Describe in sentences for a paper how a loaded model finds particles, by its kind; empty if that is unknown.

    `given` is what it was opened by.
    """
    if isinstance(given, (str, Path)):
        kind, folder = find_model(given, model.role)
        return kind.methods(Path(given).name, kind.source(folder) if folder else "", model, options)
    fitting = next((kind for kind in kinds(model.role) if kind.Options is type(options)), None)
    return fitting.methods(str(given.provenance.get("name", "")), "", model, options) if fitting else ""


def recognised(folder: Path) -> type[ModelKind] | None:
    """Kind of the model in a folder; None if there is none."""
    return next((kind for kind in kinds() if kind.recognises(folder)), None)


def is_finished(folder: Path) -> bool:
    """Whether a folder holds a model whose training was completed."""
    return any(kind.claims(folder) and kind.finished(folder) for kind in kinds())


def options_of(model: str | Path, role: str) -> type[Any] | None:
    """Options of a model, without loading it; None if it has none.

    Raises
    ------
    UserError
        If there is no such model, or it has another role.
    """
    kind, _ = find_model(model, role)
    _check_role(str(model), kind.role, role)
    return kind.Options


def _check_role(name: str, own: str, wanted: str) -> None:
    if wanted and own != wanted:
        verb = f"; use `{VERBS[own]}`" if own in VERBS else f"; {_article(wanted)} is needed here"
        raise UserError(f"{name} is {_article(own)}{verb}.")


def _article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
