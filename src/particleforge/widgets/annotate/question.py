"""A question with a few answers, inside the panel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from particleforge.widgets.annotate.parts import button, words


@dataclass(frozen=True)
class Answer:
    """One of the answers.

    Parameters
    ----------
    text, tip
        Of its button.
    act
        What to do.
    """

    text: str
    tip: str
    act: Callable[[], None]


class Question(QWidget):
    """Shows a question until one of its answers is clicked or `drop` is called; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.text = words()
        self.buttons: dict[str, QPushButton] = {}
        self._acts: dict[QPushButton, Callable[[], None]] = {}
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 4, 0, 4)
        self._rows.addWidget(self.text)
        self.hide()

    @property
    def open(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self.buttons)

    def ask(self, text: str, answers: Sequence[Answer]) -> None:
        """Ask a question instead of the present one."""
        self.drop()
        self.text.setText(text)
        for answer in answers:
            made = self.buttons[answer.text] = button(answer.text, answer.tip)
            self._acts[made] = answer.act
            made.clicked.connect(self._answer)
            self._rows.addWidget(made)
        self.show()

    def drop(self) -> None:
        """Ask nothing any more."""
        for made in self.buttons.values():
            made.setParent(None)
            made.deleteLater()
        self.buttons.clear()
        self._acts.clear()
        self.hide()

    def _answer(self) -> None:
        act = next(act for made, act in self._acts.items() if made is self.sender())
        self.drop()
        act()
