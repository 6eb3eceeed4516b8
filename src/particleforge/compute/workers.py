"""The parameters from which every verb makes its executor."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, model_validator

from particleforge.compute.executor import Executor
from particleforge.compute.local import Local
from particleforge.params import Params


class Workers(Params):
    """Where the work is done: by how many processes of this machine, or by which cluster."""

    workers: int = Field(
        1,
        ge=1,
        le=256,
        description="Number of processes that work at the same time; results are the same. Each needs the memory of "
        "one.",
    )
    scheduler: str | None = Field(
        None,
        pattern=r"^[a-z]+://.+",
        description="Address of the scheduler of a Dask cluster, such as tcp://node01:8786, whose workers do the work "
        "instead; results are the same. Empty: processes of this machine.",
    )

    @model_validator(mode="after")
    def _not_both(self) -> "Workers":
        if self.scheduler is not None and self.workers > 1:
            raise ValueError(
                f"workers = {self.workers} are processes of this machine, but the scheduler {self.scheduler} has its "
                "own workers: give one of the two"
            )
        return self

    @property
    def are_others(self) -> bool:
        """Whether other processes than this one are to work."""
        return self.scheduler is not None or self.workers > 1

    def executor(self, shared: Iterable[Path] = ()) -> Executor:
        """Where items are processed.

        Parameters
        ----------
        shared
            Files and folders of this machine that the processes read and write; workers of a cluster that do not see
            one of them are refused.
        """
        if self.scheduler is None:
            return Local(self.workers)
        from particleforge.compute.cluster import Cluster

        return Cluster(self.scheduler, tuple(shared))
