"""Choose a recipe and set its parameters."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from particleforge.params import Params
from particleforge.recipes.cutpaste.recipe import CutPaste
from particleforge.recipes.recipe import Recipe
from particleforge.recipes.warp.deformations.grid import GridWarp
from particleforge.recipes.warp.deformations.piecewise_affine import PiecewiseAffine
from particleforge.recipes.warp.deformations.scale import RandomScale
from particleforge.recipes.warp.recipe import Warp
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.form.editor import guard_wheel

KINDS: dict[str, tuple[type[Params], tuple[str, ...]]] = {
    "Cut and paste": (CutPaste, ("particles", "overlap", "scale")),
    "Warp smoothly": (GridWarp, ("amplitude", "spacing_diameters")),
    "Warp piece by piece": (PiecewiseAffine, ("amplitude", "spacing_diameters")),
    "Scale": (RandomScale, ("scale", "stretch")),
}
"""Parameters of each recipe, and which of them are in front."""


class RecipeChooser(QWidget):
    """A recipe that draws from annotated images; `changed` follows another recipe or parameter."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.box = QComboBox(self)
        self.box.addItems(KINDS)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        guard_wheel(self.box)
        self.forms: dict[str, FoldedForm] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.box)
        self.box.currentTextChanged.connect(self._choose)
        self._choose(self.box.currentText())

    @property
    def form(self) -> FoldedForm:
        """Form of the recipe that is chosen."""
        return self.forms[self.box.currentText()]

    def recipe(self) -> Recipe:
        """Return the recipe as entered.

        Raises
        ------
        UserError
            If a parameter is not valid.
        """
        params = self.form.params()
        return params if isinstance(params, Recipe) else Warp(deformation=params)

    def _choose(self, text: str) -> None:
        if text not in self.forms:
            cls, front = KINDS[text]
            self.forms[text] = FoldedForm(cls, front)
            self.forms[text].changed.connect(self.changed)
            self._layout.addWidget(self.forms[text])
        for name, form in self.forms.items():
            form.setVisible(name == text)
        self.changed.emit()
