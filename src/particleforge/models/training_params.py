"""Parameters common to the training of all kinds of models, and a field type for any kind."""

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
"""Kind of model trained by default, defined only here."""


class TrainingParams(Params):
    """Budget and settings of a training; each kind of model adds its own."""

    kind: str = ""
    minutes: float | None = Field(
        5.0,
        gt=0,
        le=100_000,
        description="Time for the training and what belongs to it; empty: limited by `steps` only.",
    )
    steps: int | None = Field(None, ge=1, description="Optimiser steps; empty: limited by `minutes` only.")
    least_steps: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Optimiser steps that are done even if the time is over; a busy computer needs longer.",
    )
    seed: int = Field(0, ge=0, description="Seed of initial weights, sampling and augmentation.")
    validations: int = Field(10, ge=1, le=10_000, description="How often the network is validated and saved.")
    device: Device = Field(
        "auto", description="Where to train: auto (a graphics card if there is one), cpu, cuda or mps."
    )

    def differs(self, name: str) -> bool:
        """Whether a field exists and differs from its default."""
        field = type(self).model_fields.get(name)
        return field is not None and getattr(self, name) != field.get_default(call_default_factory=True)

    def given(self, values: Mapping[str, Any]) -> Self:
        """Return a copy with these values; those of fields this kind of training does not have are ignored."""
        return self.replace(**{name: value for name, value in values.items() if name in type(self).model_fields})

    def check_budget(self) -> None:
        """Check that the training ends.

        Raises
        ------
        UserError
            If neither minutes nor steps are given.
        """
        if self.minutes is None and self.steps is None:
            raise UserError("Neither minutes nor steps are given.", "Give at least one, for example --minutes 5.")


class Trainings(Kinds[TrainingParams]):
    """Training parameters of every kind of model that can be trained."""

    def __init__(self) -> None:
        super().__init__(TrainingParams, module="kind", role="kind of model that is trained")

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def names(self) -> list[str]:
        """Names of the kinds that can be trained."""
        return [kind.kind for kind in kinds() if kind.Training is not None]

    def get(self, name: str) -> type[TrainingParams]:
        """Training parameters of a kind.

        Raises
        ------
        UserError
            If there is no such kind, or its models need no training.
        """
        training = MODELS.get(name).Training
        if training is None:
            raise UserError(
                f"Models of kind {name} need no training.", f"Kinds that can be trained: {', '.join(self.names())}."
            )
        return training

    def parse(self, data: Mapping[str, Any] | str) -> TrainingParams:
        """Parameters from plain data; data without a kind are of `DEFAULT_KIND`."""
        return super().parse(_with_kind(data))

    def validate(self, value: Any) -> TrainingParams:
        """Validate a value for pydantic; data without a kind are of `DEFAULT_KIND`."""
        return super().validate(_with_kind(value))


def _with_kind(value: Any) -> Any:
    return {"kind": DEFAULT_KIND, **value} if isinstance(value, Mapping) else value


TRAININGS = Trainings()
AnyTraining: TypeAlias = Annotated[TrainingParams, TRAININGS]
