"""Labels that somebody else made: asks once per folder before they are changed, and shows them unchanged."""

from collections.abc import Callable
from functools import partial

from napari import Viewer
from napari.layers import Image, Labels, Layer

from particleforge.store.image_files import image_stem
from particleforge.store.labels import read_labels
from particleforge.widgets.active import KEY, mark_of
from particleforge.widgets.annotate.geometry import geometry_of
from particleforge.widgets.annotate.owned import Choice, Foreign
from particleforge.widgets.annotate.question import Answer, Question

ROLES = ("particles", "background")
"""Layers that show an annotation."""


class OthersLabels:
    """Remembers what may be done with the labels of a folder.

    Parameters
    ----------
    viewer
        Where labels are shown.
    question
        Asks.
    decided
        Called after the question was answered.
    """

    def __init__(self, viewer: Viewer, question: Question, decided: Callable[[Foreign, Choice], None]) -> None:
        self._viewer, self._question, self._decided = viewer, question, decided
        self._choices: dict[str, Choice] = {}
        self._layer: Labels | None = None

    def choice(self, theirs: Foreign) -> Choice | None:
        """Return what was decided for the folder of these labels; None: nothing yet."""
        return self._choices.get(str(theirs.folder))

    def ask(self, theirs: Foreign) -> None:
        """Ask what to do with labels."""
        tips = theirs.tips.items()
        answers = [Answer(choice.value, tip, partial(self._decide, theirs, choice)) for choice, tip in tips]
        self._question.ask(theirs.question, answers)

    def look(self, image: Image, theirs: Foreign) -> None:
        """Show labels without changing them.

        Raises
        ------
        UserError
            If they cannot be read.
        """
        if there := self._there(theirs):
            for layer in there:
                layer.visible = True
            return
        layer = Labels(read_labels(theirs.file), name=f"{theirs.file.stem} labels", **geometry_of(image))
        layer.editable, layer.opacity = False, 0.5
        self._viewer.add_layer(layer)
        self._layer = layer

    def hide(self, theirs: Foreign) -> None:
        """Hide labels that were opened with their image, as a copy of them is shown."""
        for layer in self._there(theirs):
            layer.visible = False

    def _there(self, theirs: Foreign) -> list[Layer]:
        """Layers that show labels since their folder was opened."""
        marks = [mark_of(role, image_stem(theirs.file), theirs.folder) for role in ROLES]
        return [layer for layer in self._viewer.layers if layer.metadata.get(KEY) in marks]

    def drop(self) -> None:
        """Remove what is shown."""
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _decide(self, theirs: Foreign, choice: Choice) -> None:
        self._choices[str(theirs.folder)] = choice
        self._decided(theirs, choice)
