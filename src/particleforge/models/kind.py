"""What a kind of model is, and which there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from particleforge.errors import UserError
from particleforge.params import Params
from particleforge.registry import Kinds

if TYPE_CHECKING:
    from particleforge.models.roles import Model


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
    Options
        What can be chosen when a model is used; None where there is nothing.
    bundled
        Models that come with the package, by name; None for one that has no files.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    role: ClassVar[str]
    Options: ClassVar[type[Params] | None] = None
    bundled: ClassVar[Mapping[str, Path | None]] = {}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether a folder holds a model of this kind, by the names of its files."""
        return False

    @classmethod
    @abstractmethod
    def load(cls, folder: Path | None) -> Model:
        """Load a model; without a folder, the one that has no files.

        Raises
        ------
        UserError
            If a file is missing or broken.
        """


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
