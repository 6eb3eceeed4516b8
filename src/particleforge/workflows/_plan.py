"""Which trainings are repeated, as people write it down."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from particleforge.errors import UserError, located
from particleforge.params import Params
from particleforge.store.files import claim_name
from particleforge.store.fingerprints import of_file
from particleforge.verb import Verb
from particleforge.workflows import VERBS
from particleforge.workflows.train import TrainParams


def run_name(arm: str, seed: int) -> str:
    """Name of a model."""
    return f"{arm}-seed{seed}"


class Arm(Params):
    """One way of training that is compared with others."""

    verb: Literal["learn", "train"] = Field("learn", description="Command that trains.")
    inputs: list[str] = Field([], description="What it learns from: an annotated folder, datasets.")
    params: dict[str, Any] = Field({}, description="Its parameters, without the seed.")

    @property
    def command(self) -> Verb[..., Any]:
        """The command."""
        return VERBS.get(self.verb)

    def check(self) -> None:
        """Check its parameters.

        Raises
        ------
        UserError
            If one of them is invalid.
        """
        cls = self.command.params
        given = cls and cls.parse(self.params | {"seed": 0})
        if isinstance(given, TrainParams):
            given.training()

    def arguments(self, out: Path) -> dict[str, Any]:
        """Arguments of the command for a folder of a model."""
        source = self.command.arguments[0]
        return {source.name: self.inputs if source.many else self.inputs[0], "out": str(out)}


class Plan(Params):
    """Which trainings are repeated how often, and on what they are judged."""

    arms: dict[str, Arm] = Field({}, description="Ways of training by name; the others are compared with the first.")
    test: list[str] = Field([], description="Annotated folders and datasets to judge the models on.")
    seeds: int = Field(3, ge=1, le=1000, description="Number of seeds, counted from 0.")

    def check(self) -> None:
        """Check that everything is there before any training begins.

        Raises
        ------
        UserError
            If there is no arm or nothing to judge on, or an arm cannot be trained.
        """
        if not self.arms:
            raise UserError("There are no arms.", "Name at least one way of training under arms.")
        if not self.test:
            raise UserError("There is nothing to judge the models on.", "Give annotated folders or datasets as test.")
        taken: set[str] = set()
        for name, arm in self.arms.items():
            with located(f"arm {name}", ""):
                claim_name(name, taken)
                if not arm.inputs:
                    raise UserError("There is nothing to learn from.", "Name a folder or datasets as inputs.")
                if "seed" in arm.params:
                    raise UserError("The seed is given by the plan.", "Leave it out, and set the number of seeds.")
                arm.check()

    def fingerprints(self) -> dict[str, str]:
        """Fingerprints of what the arms learn from: other files do not continue a run."""
        paths = {path for arm in self.arms.values() for path in arm.inputs}
        return {path: of_file(Path(path)) for path in sorted(paths) if Path(path).exists()}
