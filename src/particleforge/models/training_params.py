"""What every training of a model has, and any kind of it as a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeAlias

from pydantic import Field

from particleforge.errors import UserError
from particleforge.models.device import Device
from particleforge.models.kind import MODELS, kinds
from particleforge.params import Params
from particleforge.registry import Kinds

DEFAULT_KIND = "stardist"
"""Kind that is trained where none is given; the one place that says so."""


class TrainingParams(Params):
    """Budget and settings of the training of a model; each kind adds its own."""

    kind: str = ""
    minutes: float | None = Field(5.0, gt=0, le=100_000, description="Time to train; empty: no limit but `steps`.")
    steps: int | None = Field(None, ge=1, description="Optimiser steps; empty: no limit but `minutes`.")
    seed: int = Field(0, ge=0, description="Seed of weights, choice and augmentation.")
    validations: int = Field(10, ge=1, le=10_000, description="How often the network is validated and saved.")
    device: Device = Field(
        "auto", description="Where to train: auto (a graphics processor where there is one), cpu, cuda or mps."
    )

    def differs(self, name: str) -> bool:
        """Whether a field is there and has another value than its default."""
        field = type(self).model_fields.get(name)
        return field is not None and getattr(self, name) != field.get_default(call_default_factory=True)

    def given(self, values: Mapping[str, Any]) -> Self:
        """Return a copy with other values of those fields that this kind of training has."""
        return self.replace(**{name: value for name, value in values.items() if name in type(self).model_fields})

    def check_budget(self) -> None:
        """Check that the training comes to an end.

        Raises
        ------
        UserError
            If neither minutes nor steps are given.
        """
        if self.minutes is None and self.steps is None:
            raise UserError("Neither minutes nor steps are given.", "Give at least one, such as --minutes 5.")


class Trainings(Kinds[TrainingParams]):
    """Parameters of the training of every kind of model that can be trained, by the kind."""

    def __init__(self) -> None:
        super().__init__(TrainingParams, module="kind", role="kind of model that is trained")

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def names(self) -> list[str]:
        """Kinds that can be trained."""
        return [kind.kind for kind in kinds() if kind.Training is not None]

    def get(self, name: str) -> type[TrainingParams]:
        """Parameters of the training of a kind.

        Raises
        ------
        UserError
            If there is no such kind, or its models need no training.
        """
        training = MODELS.get(name).Training
        if training is None:
            raise UserError(f"Models of kind {name} need no training.", f"Kinds are {', '.join(self.names())}.")
        return training

    def parse(self, data: Mapping[str, Any] | str) -> TrainingParams:
        """Parameters from plain data; see `DEFAULT_KIND` for data without a kind."""
        return super().parse(_with_kind(data))

    def validate(self, value: Any) -> TrainingParams:
        """Check a value as pydantic does; see `DEFAULT_KIND` for data without a kind."""
        return super().validate(_with_kind(value))


def _with_kind(value: Any) -> Any:
    return {"kind": DEFAULT_KIND, **value} if isinstance(value, Mapping) else value


TRAININGS = Trainings()
AnyTraining: TypeAlias = Annotated[TrainingParams, TRAININGS]
