"""Run and cancel a job, and show its progress."""

from collections.abc import Callable
from contextlib import suppress

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.jobs.job import Job, JobError
from particleforge.jobs.messages import Advance, Failure, Outcome, Result, Task
from particleforge.jobs.waiting import Waiting
from particleforge.widgets.background import Background
from particleforge.widgets.eta import Eta, duration
from particleforge.widgets.message import Message
from particleforge.widgets.workspace import job_environment

_FINE = 1000
"""Steps of a progress bar."""


class JobSignals(QObject):
    """Turns the messages of a job, sent from its thread, into signals, which Qt delivers in the thread of the receiver.

    It deliberately has no parent: the job keeps it alive until its last message.

    Parameters
    ----------
    waiting
        A child that is ready to run the job, if there is one.
    """

    advanced = Signal(object)
    ended = Signal(object)

    def __init__(self, waiting: Waiting | None = None) -> None:
        super().__init__()
        self._waiting = waiting

    def start(self, task: Task) -> Job:
        """Start a job that reports through these signals."""
        return Job(task, self._receive, job_environment(), self._waiting)

    def _receive(self, message: Advance | Outcome) -> None:
        (self.advanced if isinstance(message, Advance) else self.ended).emit(message)


class JobRow(QWidget):
    """A button that runs or cancels a job, its progress, and its outcome.

    `requested` is emitted when Run is clicked; its receiver calls `start`. `advanced` passes on every progress report,
    `done` the plain result; `stopped` follows a cancelled job and `failed` one that failed.

    Parameters
    ----------
    run, cancel
        Text of the button while nothing runs, and while the job runs.
    button
        The button; by default a plain one.
    warm_up
        Reference of a function that loads what jobs need; see `warm_up`.
    """

    requested = Signal()
    advanced = Signal(object)
    done = Signal(object)
    stopped = Signal()
    failed = Signal(object)

    def __init__(
        self,
        run: str = "Run",
        cancel: str = "Cancel",
        parent: QWidget | None = None,
        button: QPushButton | None = None,
        warm_up: str = "",
    ) -> None:
        super().__init__(parent)
        self._run_text, self._cancel_text, self._warm_up = run, cancel, warm_up
        self._job: Job | None = None
        self._waiting: Waiting | None = None
        self._preparing = self._stopping = False
        self._problem: str | None = None
        self._eta = Eta()
        self._background = Background()
        self._background.done.connect(self._launch)
        self._background.failed.connect(self._fail)
        self.button = QPushButton(self) if button is None else button
        self.button.setText(run)
        self.button.clicked.connect(self._click)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(True)
        self.missing, self.message = Message(self), Message(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._line = QHBoxLayout()
        self._line.addWidget(self.button)
        self._line.addWidget(self.bar, 1)
        layout.addLayout(self._line)
        layout.addWidget(self.missing)
        layout.addWidget(self.message)
        self._show_idle()

    @property
    def running(self) -> bool:
        """Whether a job is being prepared or runs."""
        return self._preparing or self._job is not None

    @property
    def pid(self) -> int | None:
        """Process of the running job."""
        return None if self._job is None else self._job.pid

    def set_text(self, run: str) -> None:
        """Change the text of the button while nothing runs."""
        self._run_text = run
        if not self.running:
            self.button.setText(run)

    def warm_up(self) -> None:
        """Start the process of the next job before it is known, so that it has loaded its libraries when it is."""
        if self._waiting is None and not self.running:
            with suppress(UserError):  # it is reported when the job is started
                self._waiting = Waiting(self._warm_up, job_environment())

    def cool_down(self) -> None:
        """End the process that waits for a job, if there is one; it holds some hundred megabytes of memory."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.close()

    def add_button(self, button: QPushButton) -> None:
        """Put another button in front of Run."""
        self._line.insertWidget(self._line.count() - 2, button)

    def set_problem(self, problem: str | None) -> None:
        """Disable Run and show below it what is missing, or enable it."""
        self._problem = problem
        if not self.running:
            self._show_problem()

    def start(self, prepare: Callable[[], Task]) -> None:
        """Call a function that returns a task in a thread, then run the task as a job; do nothing if one runs."""
        if self.running:
            return
        self._preparing, self._eta = True, Eta()
        self.button.setText(self._cancel_text)
        self.button.setEnabled(True)
        self.missing.report("")
        self.message.report("")
        self.bar.setRange(0, 0)
        self.bar.setFormat("Preparing")
        self.bar.show()
        self._background.run(lambda _: prepare())

    def cancel(self) -> None:
        """Ask the job to stop; returns at once."""
        if self._job is not None:
            self._job.cancel()
            self._stopping = True
            self.button.setEnabled(False)
            self.bar.setFormat("Stopping")
        elif self._preparing:
            self._background.drop()
            self._finish()
            self.stopped.emit()

    def _click(self) -> None:
        if self.running:
            self.cancel()
        else:
            self.requested.emit()

    def _launch(self, task: Task) -> None:
        signals = JobSignals(self._waiting)
        self._waiting = None
        signals.advanced.connect(self._advance)
        signals.ended.connect(self._end)
        try:
            self._job = signals.start(task)
        except UserError as error:
            self._fail(error)
            return
        self._preparing = False
        self.destroyed.connect(self._job.cancel)

    def _advance(self, advance: Advance) -> None:
        if self._job is None or self._stopping:
            return
        share = advance.done / advance.total if advance.total > 0 else 0.0
        left_s = self._eta.left_s(advance.done, advance.total)
        self.bar.setRange(0, _FINE if share else 0)
        self.bar.setValue(round(min(share, 1.0) * _FINE))
        self.bar.setFormat("%p %" if left_s is None else f"%p %, {duration(left_s)} left")
        self.message.report(advance.message)
        self.advanced.emit(advance)

    def _end(self, outcome: Outcome) -> None:
        if self._job is not None:
            self.destroyed.disconnect(self._job.cancel)
        self._finish()
        if isinstance(outcome, Result):
            self.message.report("")
            self.done.emit(outcome.value)
        elif isinstance(outcome, Failure):
            self._fail(JobError(outcome))
        else:
            self.message.report("Stopped.")
            self.stopped.emit()

    def _fail(self, error: UserError) -> None:
        self._finish()
        self.message.warn(error, error.log if isinstance(error, JobError) else ())
        self.failed.emit(error)

    def _finish(self) -> None:
        self._job = None
        self._preparing = self._stopping = False
        self._show_idle()

    def _show_idle(self) -> None:
        self.button.setText(self._run_text)
        self.bar.hide()
        self._show_problem()

    def _show_problem(self) -> None:
        self.button.setEnabled(self._problem is None)
        self.missing.report(self._problem or "")
