"""Kinds of models, and the registry of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from particleforge.errors import UserError
from particleforge.models.card import CHECKPOINT, Card
from particleforge.models.training_set import TrainingSet, hold_out
from particleforge.params import Params
from particleforge.registry import Kinds, Registry

if TYPE_CHECKING:
    from particleforge.models.roles import Model
    from particleforge.models.training_params import TrainingParams
    from particleforge.recipes.recipe import Recipe
    from particleforge.sample import Sample
    from particleforge.step import Step


class ModelKind(ABC):
    """A kind of model: what it can do, how it is trained and loaded. Its file imports nothing heavy.

    Parameters
    ----------
    kind
        Its name, that of its folder.
    title
        Its name in user interfaces and messages.
    role
        What its models can do; see `particleforge.models.roles`.
    Training
        Parameters of its training; None if its models need no training.
    Options
        Options when a model is used; None if there are none.
    start
        Weights that `learn` starts from by default: ``scratch`` or the name of a bundled model.
    exports
        Export formats: files with a function ``write(model, path)``; None if there are none.
    bundled
        Models that are part of the package: their folders by name; None for a model that has no files.
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
        """Whether a folder holds a usable model of this kind, judging by its card or its file names."""
        card = Card.read(folder)
        return card is not None and card.kind == cls.kind and card.finished

    @classmethod
    def claims(cls, folder: Path) -> bool:
        """Whether a folder belongs to a model of this kind, even if its training is not finished."""
        card = Card.read(folder)
        return cls.recognises(folder) if card is None else card.kind == cls.kind

    @classmethod
    def finished(cls, folder: Path) -> bool:
        """Whether the training of a model was completed."""
        card = Card.read(folder)
        return card is not None and card.finished

    @classmethod
    def source(cls, folder: Path) -> str:
        """Describe in plain words what a model was trained on."""
        card = Card.read(folder)
        return card.source if card else ""

    @classmethod
    def scores(cls, folder: Path) -> dict[str, float]:
        """Return the scores of a model on held-out data so far, by name, for example ``f1``."""
        card = Card.read(folder)
        return card.scores if card else {}

    @classmethod
    def methods(cls, name: str, source: str, model: Any, options: Any) -> str:
        """Describe in sentences for a paper how a model finds particles; kinds know more about their models.

        Parameters
        ----------
        name
            Its name; empty if it has none.
        source
            What it was trained on, as `source` returns; empty if that is unknown.
        model
            The loaded model.
        options
            How it is used, an instance of `Options`.
        """
        called = f" {name}" if name and name != cls.kind else ""
        trained = f", trained on {source}" if source else ""
        chosen = ", ".join(f"{key} {value}" for key, value in options.model_dump(exclude_defaults=True).items())
        with_options = f" with the options {chosen}" if chosen else ""
        return f"Particles were found by the detector{called} of kind {cls.title}{trained}{with_options}."

    @classmethod
    @abstractmethod
    def load(cls, folder: Path | None) -> Model:
        """Load a model; without a folder, the model that has no files.

        Raises
        ------
        UserError
            If a file is missing or broken.
        """

    @classmethod
    def hold_out(cls, samples: Sequence[Sample], params: TrainingParams) -> tuple[list[Sample], list[Sample]]:
        """Split annotated micrographs into those to train on and those for validation only."""
        return hold_out(samples)

    @classmethod
    def rehearsal(cls, params: TrainingParams) -> Recipe | None:
        """Recipe of the samples that `learn` mixes in so that the model does not forget what it knew before."""
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
            Budget and settings, an instance of `Training`.

        Raises
        ------
        UserError
            If the model cannot be trained on these samples, or `out` holds a finished model.
        """
        raise UserError(f"Models of kind {cls.kind} need no training.", "Use the model as it is.")


class StoredKind(ModelKind):
    """A kind whose models are a note and weights of their own; see `particleforge.models.stored`.

    Parameters
    ----------
    note
        Name of the file of the note.
    """

    note: ClassVar[str]

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether the note exists, which is written last."""
        return (folder / cls.note).is_file()

    @classmethod
    def finished(cls, folder: Path) -> bool:
        """Whether there are weights and no checkpoint."""
        return cls.recognises(folder) and not (folder / CHECKPOINT).is_file()


MODELS: Kinds[ModelKind] = Kinds(ModelKind, module="kind", role="kind of model")
"""Every kind of model, by name."""


def kinds(role: str = "") -> Iterator[type[ModelKind]]:
    """All kinds of one role, or all kinds.

    A kind of another package that cannot be imported is left out; requesting it by name reports why.
    """
    for name in MODELS.names():
        try:
            kind = MODELS.get(name)
        except UserError:
            continue
        if role in ("", kind.role):
            yield kind


def bundled(role: str = "") -> dict[str, type[ModelKind]]:
    """Kind of every bundled model, by the name of the model, in the order of the names."""
    known = {name: kind for kind in kinds(role) for name in kind.bundled}
    return {name: known[name] for name in sorted(known)}
