"""The base of panels that draw samples of a recipe."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from qtpy.QtWidgets import QPushButton

from particleforge.jobs.messages import Plain, Task
from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.name_edit import NameEdit
from particleforge.widgets.panel import Panel
from particleforge.widgets.workspace import DATASETS
from particleforge.workflows.synthesize import synthesize

if TYPE_CHECKING:
    from napari import Viewer


class Shown(Protocol):
    """Samples that are looked at before."""

    def next(self) -> None:
        """Show others."""

    def touch(self) -> None:
        """Draw them anew, soon, if any are shown."""

    def stop(self) -> None:
        """Forget what was asked."""


AnyShown = TypeVar("AnyShown", bound=Shown)


class DrawPanel(Panel, Generic[AnyShown]):
    """Draws samples of a recipe: some to look at, then as many as are wanted, which become a dataset.

    A panel says what keeps samples from being drawn (`unready`) and what the job needs (`inputs`), and gives what shows
    samples (`shown`).

    Parameters
    ----------
    viewer
        Where layers come from and go to.
    run
        Text of the button.
    name
        What datasets are called.
    front
        Fields of `SynthesizeParams` that are always seen.
    """

    shown: AnyShown

    def __init__(self, viewer: "Viewer", run: str, name: str, front: tuple[str, ...]) -> None:
        super().__init__(viewer, run)
        self.name, self.form = NameEdit(DATASETS, name, ".zarr"), FoldedForm(SynthesizeParams, front)
        self.preview = QPushButton("Preview")
        self.preview.clicked.connect(self._next)
        self.row.add_button(self.preview)
        for changed in (self.form.changed, self.name.textChanged):
            changed.connect(self.check)

    def unready(self) -> str | None:
        """Say what keeps a sample from being drawn; None if nothing does."""
        raise NotImplementedError

    def inputs(self) -> Plain:
        """Arguments of the job beside the dataset that is written."""
        raise NotImplementedError

    def problem(self) -> str | None:
        """Say what is missing."""
        return self.unready() or self.name.problem() or self.form.problem

    def check(self, *_: object) -> None:
        """Enable what can be done."""
        super().check()
        self.preview.setEnabled(self.unready() is None)

    def prepare(self) -> Callable[[], Task]:
        """Say what to draw, and where it goes; a dataset that was interrupted is continued."""
        args: dict[str, Any] = {**self.inputs(), "out": self.name.path}
        params = self.form.params()
        return lambda: Task.of(synthesize, params, **args)

    def tell(self, samples: object, path: Path) -> None:
        """Say where the dataset is, and offer the name of the next one."""
        self.row.message.say(f"{samples} samples are in {path}. Choose them in Train.")
        self.name.offer()

    def stop(self) -> None:
        """Say what is left of a stopped job."""
        self.row.message.say(f"Stopped. {self.row.button.text()} with the same settings goes on where it was.")

    def changed(self, *_: object) -> None:
        """Draw anew what is shown, if it still can be drawn."""
        self.check()
        if self.preview.isEnabled():
            self.shown.touch()
        else:
            self.shown.stop()

    def _next(self) -> None:
        self.row.message.say("")
        self.shown.next()
