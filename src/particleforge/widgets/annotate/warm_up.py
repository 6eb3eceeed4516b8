"""Make the first click as quick as the others."""

import sys

from qtpy.QtCore import QObject

from particleforge.errors import UserError
from particleforge.jobs.job import Job
from particleforge.jobs.messages import Task
from particleforge.widgets.background import Background
from particleforge.widgets.job_row import JobSignals

MODULE = "particleforge.annotate.click"
GRACE_S = 1.0


class WarmUp(QObject):
    """Compiles what clicks need in a child process, where it delays nothing, then loads it in a thread."""

    def __init__(self) -> None:
        super().__init__()
        self._job: Job | None = None
        self._signals = JobSignals()
        self._background = Background()

    def start(self) -> None:
        """Begin, unless it is already loaded."""
        if MODULE in sys.modules or self._job is not None:
            return
        self._signals = JobSignals()
        self._signals.ended.connect(self._end)
        try:
            self._job = self._signals.start(Task(call=f"{MODULE}:warm_up", grace_s=GRACE_S))
        except UserError:  # without a child process it is compiled here
            self._background.run(_warm_up)

    def stop(self) -> None:
        """End it."""
        if self._job is not None:
            self._signals.ended.disconnect(self._end)  # the end of this job must not be taken for that of a later one
            self._job.cancel()
            self._job = None
        self._background.drop()

    def _end(self, _: object) -> None:
        """Load what the child has compiled, unless it is no longer needed."""
        if self._job is not None:
            self._background.run(_warm_up)


def _warm_up(_: object) -> None:
    from particleforge.annotate.click import warm_up

    warm_up()
