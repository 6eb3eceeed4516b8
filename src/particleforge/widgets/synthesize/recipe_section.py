"""Choose, open, edit and save a recipe."""

from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from particleforge.errors import UserError
from particleforge.recipes.any import about, read_recipe
from particleforge.recipes.recipe import Recipe
from particleforge.store.files import new_part
from particleforge.widgets.folded_form import FoldedForm
from particleforge.widgets.layers import file_name
from particleforge.widgets.message import Message
from particleforge.widgets.synthesize.gallery import Gallery
from particleforge.widgets.synthesize.library import open_recipe, save_recipe
from particleforge.widgets.synthesize.ready_box import ReadyBox
from particleforge.widgets.workspace import RECIPES, workspace

NOTHING_YET = "Choose a recipe, or open one."
YAML = "Recipes (*.yaml *.yml)"
AnyRecipe = TypeVar("AnyRecipe", bound=Recipe)


class RecipeSection(QWidget, Generic[AnyRecipe]):
    """A recipe that needs no annotated images.

    `changed` is emitted after a change of recipe or parameter; `reported` gives a message, `failed` a `UserError`.

    Parameters
    ----------
    cls
        Recipes of other classes are not opened.
    gallery
        Where a ready-made recipe is chosen; by default a gallery of all.
    front
        Parameters always visible; by default those the recipe names.
    """

    changed = Signal()
    reported = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        cls: type[AnyRecipe],
        gallery: Gallery | ReadyBox | None = None,
        front: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self.gallery, self.about = gallery or Gallery(), Message(self)
        self._cls, self._front = cls, front
        self.open, self.save = QPushButton("Open…"), QPushButton("Save as…")
        self.open.setToolTip("Open a recipe from a YAML file.")
        self.save.setToolTip("Save the current recipe as a YAML file.")
        self.forms: dict[type[AnyRecipe], FoldedForm[AnyRecipe]] = {}
        self.form: FoldedForm[AnyRecipe] | None = None
        self._name = ""
        files = QHBoxLayout()
        for button in (self.open, self.save):
            files.addWidget(button, 1)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.gallery)
        self._layout.addLayout(files)
        self._layout.addWidget(self.about)
        self.gallery.chosen.connect(self._choose)
        self.open.clicked.connect(self._ask_open)
        self.save.clicked.connect(self._ask_save)
        self._check()

    @property
    def problem(self) -> str | None:
        """Why the recipe cannot be used; None if it can."""
        return NOTHING_YET if self.form is None else self.form.problem

    def recipe(self) -> AnyRecipe:
        """Return the recipe as entered.

        Raises
        ------
        UserError
            If none is chosen, or a parameter is invalid.
        """
        if self.form is None:
            raise UserError("No recipe is chosen.", NOTHING_YET)
        return self.form.params()

    def show_recipe(self, recipe: AnyRecipe, name: str, text: str) -> None:
        """Show a recipe's parameters and description."""
        kind = type(recipe)
        if kind not in self.forms:
            front = kind.front if self._front is None else self._front
            self.forms[kind] = FoldedForm(kind, front, title="More parameters")
            self.forms[kind].changed.connect(self._check)
            self._layout.addWidget(self.forms[kind])
        self.form, self._name = self.forms[kind], name
        for form in self.forms.values():
            form.setVisible(form is self.form)
        self.about.report(text)
        self.form.set_params(recipe)

    def _choose(self, name: str) -> None:
        self.show_recipe(self._fitting(read_recipe(name), name), name, about(name))

    def _ask_open(self) -> None:
        folder = workspace() / RECIPES
        chosen, _ = QFileDialog.getOpenFileName(self, "Open recipe", str(folder if folder.is_dir() else ""), YAML)
        if not chosen:
            return
        path = Path(chosen)
        try:
            recipe = self._fitting(open_recipe(path), path.name)
        except UserError as error:
            self.failed.emit(error)
            return
        self.gallery.clear_choice()
        self.show_recipe(recipe, path.stem, f"Recipe from {path.name}.")

    def _fitting(self, recipe: Recipe, name: str) -> AnyRecipe:
        """Return a recipe, if it is of the class opened here."""
        if isinstance(recipe, self._cls):
            return recipe
        wanted = self._cls.model_fields["kind"].default
        raise UserError(
            f"{name} is a recipe of kind {recipe.kind}; {wanted} is needed.",
            "Open it in Synthesize, or choose another one.",
        )

    def _ask_save(self) -> None:
        try:
            recipe, folder = self.recipe(), new_part(workspace(), RECIPES)
            chosen, _ = QFileDialog.getSaveFileName(
                self, "Save recipe", str(folder / f"{file_name(self._name)}.yaml"), YAML
            )
            if not chosen:
                return
            path = Path(chosen) if Path(chosen).suffix in (".yaml", ".yml") else Path(f"{chosen}.yaml")
            save_recipe(recipe, path)
        except UserError as error:
            self.failed.emit(error)
            return
        self._name = path.stem
        self.reported.emit(f"Saved as {path.name}.")

    def _check(self) -> None:
        self.save.setEnabled(self.problem is None)
        self.changed.emit()
