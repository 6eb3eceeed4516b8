"""Grow and show an aggregate."""

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.recipes.fields import with_value
from particleforge.widgets.aggregates.growing import Growing
from particleforge.widgets.aggregates.grown import Grown
from particleforge.widgets.aggregates.rows import Rows, aggregate_rows
from particleforge.widgets.aggregates.shown import ShownAggregate
from particleforge.widgets.aggregates.sliders import Sliders
from particleforge.widgets.message import Message
from particleforge.widgets.qt import single_shot
from particleforge.widgets.synthesize.library import ready_recipes
from particleforge.widgets.synthesize.ready_box import ReadyBox
from particleforge.widgets.synthesize.recipe_section import RecipeSection

if TYPE_CHECKING:
    from napari import Viewer


class GrowSection(QWidget):
    """A recipe of aggregates, sliders for their parameters, and an aggregate that follows every change.

    `grown` is emitted after another aggregate is shown.

    Parameters
    ----------
    viewer
        Where it is shown.
    """

    grown = Signal()

    def __init__(self, viewer: "Viewer") -> None:
        super().__init__()
        self._viewer = viewer
        self._last: Grown | None = None
        self.recipe = RecipeSection(Aggregate, ReadyBox(ready_recipes("aggregate")), front=())
        self.sliders, self.figures, self.message = Sliders(), Rows(), Message()
        self.next, self.solid = QPushButton("Next"), QCheckBox("3D")
        self.next.setToolTip("Grow another aggregate from the recipe.")
        self.solid.setToolTip("Show the aggregate in 3D; otherwise from above, as the microscope sees it.")
        self.solid.setChecked(all(layer.ndim < 3 for layer in viewer.layers))
        self._growing, self._shown = Growing(self.params), ShownAggregate(viewer)
        self._turning = single_shot(self, 0, self._turn)
        self._lay_out()
        self._connect()
        self._check()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.next, 1)
        buttons.addWidget(self.solid)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.recipe)
        box.addWidget(self.sliders)
        box.addLayout(buttons)
        box.addWidget(self.message)
        box.addWidget(self.figures)

    def _connect(self) -> None:
        self.recipe.changed.connect(self._check)
        self.recipe.reported.connect(self.message.report)
        for part in (self.recipe, self._growing):
            part.failed.connect(self.message.warn)
        self.sliders.moved.connect(self._move)
        self.next.clicked.connect(self._growing.next)
        self._growing.grown.connect(self._show)
        self.solid.toggled.connect(self._turn)
        self._viewer.dims.events.ndisplay.connect(self._see)

    def params(self) -> Aggregate:
        """Return the recipe as entered.

        Raises
        ------
        UserError
            If none is chosen, or a parameter is invalid.
        """
        return self.recipe.recipe()

    def set_params(self, recipe: Aggregate, name: str) -> None:
        """Grow aggregates of another recipe."""
        self.recipe.gallery.clear_choice()
        self.recipe.show_recipe(recipe, name, f"Recipe from {name}.")

    def rearrange(self) -> None:
        """Move the layers next to the others, which have changed."""
        if self._shown.there:
            self._turning.start()

    def pause(self) -> None:
        """Drop what is being grown."""
        self._growing.stop()
        self._turning.stop()

    def end(self) -> None:
        """End all work; the layers stay."""
        self.pause()
        self._viewer.dims.events.ndisplay.disconnect(self._see)

    def _check(self) -> None:
        """Grow the aggregate again shortly, if the recipe is valid."""
        usable = self.recipe.problem is None
        self.next.setEnabled(usable)
        if usable:
            self.sliders.set_recipe(self.params())
            self._growing.touch()
        else:
            self._growing.stop()

    def _move(self, name: str, value: float) -> None:
        """Put the number of a slider into the recipe."""
        form = self.recipe.form
        if form is not None and form.problem is None:
            moved = with_value(form.params().model_dump(mode="json"), name, value)
            form.set_params(Aggregate.parse(moved))

    def _show(self, grown: Grown) -> None:
        self._last = grown
        self.message.report("")
        self.sliders.set_drawn(grown)
        self.figures.show_rows(aggregate_rows(grown))
        self._turn()
        self.grown.emit()

    def _turn(self, *_: object) -> None:
        """Show the aggregate in 3D or 2D."""
        if self._last is not None:
            self._shown.show(self._last, self.solid.isChecked())

    def _see(self, _: object) -> None:
        """Follow the viewer after it switched between 2D and 3D."""
        solid = self._viewer.dims.ndisplay == 3
        if self._last is not None and solid != self.solid.isChecked():
            with QSignalBlocker(self.solid):
                self.solid.setChecked(solid)
            self._turning.start()
