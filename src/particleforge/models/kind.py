"""What a kind of model is, and which there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from particleforge.errors import UserError
from particleforge.models.card import Card
from particleforge.params import Params
from particleforge.registry import Kinds, Registry

if TYPE_CHECKING:
    from particleforge.models.roles import Model
    from particleforge.models.training_params import TrainingParams
    from particleforge.models.training_set import TrainingSet
    from particleforge.recipes.recipe import Recipe
    from particleforge.step import Step


class ModelKind(ABC):
    """A kind of model: what it can do, how it is trained and read. Its file imports nothing heavy.

    Parameters
    ----------
    kind
        Its name, that of its folder.
    title
        What people call it.
    role
        What its models can do; see `particleforge.models.roles`.
    Training
        How its models are trained; None where they need no training.
    Options
        What can be chosen when a model is used; None where there is nothing.
    start
        Weights that `learn` starts from where none are named: ``scratch`` or the name of a bundled model.
    exports
        Formats for other programs: files with a function ``write(model, path)``; None where there are none.
    bundled
        Models that come with the package, by name; None for one that has no files.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    role: ClassVar[str]
    Training: ClassVar[type[TrainingParams] | None] = None
    Options: ClassVar[type[Params] | None] = None
    start: ClassVar[str] = "scratch"
    exports: ClassVar[Registry[Any] | None] = None
    bundled: ClassVar[Mapping[str, Path | None]] = {}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether a folder holds a model of this kind that can be used, by its card or the names of its files."""
        card = Card.read(folder)
        return card is not None and card.kind == cls.kind and card.finished

    @classmethod
    def claims(cls, folder: Path) -> bool:
        """Whether a folder is that of a model of this kind, which may be in training still."""
        card = Card.read(folder)
        return cls.recognises(folder) if card is None else card.kind == cls.kind

    @classmethod
    def finished(cls, folder: Path) -> bool:
        """Whether the training of a model came to its end."""
        card = Card.read(folder)
        return card is not None and card.finished

    @classmethod
    def source(cls, folder: Path) -> str:
        """Say for people what a model learned from."""
        card = Card.read(folder)
        return card.source if card else ""

    @classmethod
    def scores(cls, folder: Path) -> dict[str, float]:
        """Return how well a model did so far on what was held out, by what is scored, such as ``f1``."""
        card = Card.read(folder)
        return card.scores if card else {}

    @classmethod
    @abstractmethod
    def load(cls, folder: Path | None) -> Model:
        """Load a model; without a folder, the one that has no files.

        Raises
        ------
        UserError
            If a file is missing or broken.
        """

    @classmethod
    def rehearsal(cls, params: TrainingParams) -> Recipe | None:
        """Recipe of samples that `learn` mixes in, so that what was known before is not forgotten."""
        return None

    @classmethod
    def train(cls, data: TrainingSet, out: Path, params: Any) -> Step[Model]:
        """Train a model in a folder; an interrupted training in it is continued.

        Parameters
        ----------
        data
            What to learn from.
        out
            Folder of the model.
        params
            Budget and settings, of the class `Training`.

        Raises
        ------
        UserError
            If these samples cannot be learned from, or `out` holds a finished model.
        """
        raise UserError(f"Models of kind {cls.kind} need no training.", "Use them as they are.")


MODELS: Kinds[ModelKind] = Kinds(ModelKind, module="kind", role="kind of model")
"""Every kind of model, by name."""


def kinds(role: str = "") -> Iterator[type[ModelKind]]:
    """Every kind that plays a role, or every kind at all.

    One of another package that cannot be imported is left out; it is named when somebody asks for it.
    """
    for name in MODELS.names():
        try:
            kind = MODELS.get(name)
        except UserError:
            continue
        if role in ("", kind.role):
            yield kind


def bundled(role: str = "") -> dict[str, type[ModelKind]]:
    """Kind of every model that comes with the package, by the name of the model."""
    return {name: kind for kind in kinds(role) for name in kind.bundled}
