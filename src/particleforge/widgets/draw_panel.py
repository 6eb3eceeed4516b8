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
    """Samples shown as a preview."""

    def next(self) -> None:
        """Show the next ones."""

    def touch(self) -> None:
        """Draw them again shortly, if any are shown."""

    def stop(self) -> None:
        """Drop the current request."""


AnyShown = TypeVar("AnyShown", bound=Shown)


class DrawPanel(Panel, Generic[AnyShown]):
    """Draws samples of a recipe: a few as a preview, then a whole dataset.

    A derived panel implements `unready`, the reason why no sample can be drawn, and `inputs`, what the job needs; it
    sets `shown`, which shows the preview.

    Parameters
    ----------
    viewer
        Where layers come from and go to.
    run
        Text of the button.
    name
        What suggested names of datasets begin with.
    front
        Fields of `SynthesizeParams` that are always visible.
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
        """Return why no sample can be drawn; None if one can."""
        raise NotImplementedError

    def inputs(self) -> Plain:
        """Return the arguments of the job apart from the dataset to write."""
        raise NotImplementedError

    def problem(self) -> str | None:
        """Return what is missing; None if nothing is."""
        return self.unready() or self.name.problem() or self.form.problem

    def check(self, *_: object) -> None:
        """Enable what can be done."""
        super().check()
        self.preview.setEnabled(self.unready() is None)

    def prepare(self) -> Callable[[], Task]:
        """Return the job that writes the dataset; an interrupted one is continued."""
        args: dict[str, Any] = {**self.inputs(), "out": self.name.path}
        params = self.form.params()
        return lambda: Task.of(synthesize, params, **args)

    def report(self, samples: object, path: Path) -> None:
        """Report where the dataset is, and suggest a name for the next one."""
        self.row.message.report(f"{samples} samples were saved in {path}. Train on it with `particleforge train`.")
        self.name.offer()

    def stop(self) -> None:
        """Report how to continue a stopped job."""
        self.row.message.report(f"Stopped. To continue, press {self.row.button.text()} with the same settings.")

    def changed(self, *_: object) -> None:
        """Draw the preview again, if it still can be drawn."""
        self.check()
        if self.preview.isEnabled():
            self.shown.touch()
        else:
            self.shown.stop()

    def pause(self) -> None:
        """Drop a preview that is being drawn."""
        self.shown.stop()

    def _next(self) -> None:
        self.row.message.report("")
        self.shown.next()
