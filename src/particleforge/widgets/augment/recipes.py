"""Choose a recipe and set its parameters."""

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from particleforge.recipes.any import RECIPES
from particleforge.recipes.recipe import Recipe
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.form.editor import guard_wheel
from particleforge.widgets.form.labels import label


class RecipeChooser(QWidget):
    """A recipe that draws from annotated images; `changed` is emitted after a change of recipe or parameter."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.box = QComboBox(self)
        self._offered = {name: cls for name, cls in RECIPES.members().items() if cls.takes_annotated}
        for row, name in enumerate(self._offered):
            self.box.addItem(label(name), name)
            self.box.setItemData(row, RECIPES.summary(name), Qt.ItemDataRole.ToolTipRole)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        guard_wheel(self.box)
        self.forms: dict[str, FoldedForm[Recipe]] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.box)
        self.box.currentIndexChanged.connect(self._choose)
        self._choose()

    @property
    def form(self) -> FoldedForm[Recipe]:
        """Form of the recipe that is chosen."""
        return self.forms[self.box.currentData()]

    def recipe(self) -> Recipe:
        """Return the recipe as entered.

        Raises
        ------
        UserError
            If a parameter is not valid.
        """
        return self.form.params()

    def _choose(self) -> None:
        chosen = self.box.currentData()
        if chosen not in self.forms:
            cls = self._offered[chosen]
            self.forms[chosen] = FoldedForm(cls, cls.front)
            self.forms[chosen].changed.connect(self.changed)
            self._layout.addWidget(self.forms[chosen])
        for name, form in self.forms.items():
            form.setVisible(name == chosen)
        self.changed.emit()
