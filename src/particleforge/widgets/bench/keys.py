"""Keys of the bench: what they do, and how they reach it wherever the keyboard is.

napari's own keys of a layer go before those of a viewer, so on images and labels ours are bound to the active layer,
too. There O, X and C of napari are without use in two dimensions or have a button, and B, F, M, X and Ctrl+Z belong to
painting, which the tools of the bench replace. Layers of any other kind keep their keys, such as Delete for the chosen
points. The keymaps of napari have no question mark; it is a shortcut of the canvas and of the dock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence, QShortcut
from qtpy.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from particleforge.widgets.bench.keys_overlay import KeysOverlay
from particleforge.widgets.canvas import canvas_of
from particleforge.widgets.qt import present

if TYPE_CHECKING:
    from napari import Viewer

QT_NAMES = {"PageUp": "PgUp", "PageDown": "PgDown", "Delete": "Del"}


@dataclass(frozen=True)
class Key:
    """Keys with one action.

    Parameters
    ----------
    name
        Of the action.
    keys
        As napari writes them; any of them does it.
    does
        What happens, in a few words.
    group
        Where it is listed.
    """

    name: str
    keys: tuple[str, ...]
    does: str
    group: str

    @property
    def shown(self) -> tuple[str, ...]:
        """The keys as the operating system writes them."""
        native = QKeySequence.SequenceFormat.NativeText
        return tuple(_sequence(key).toString(native) for key in self.keys)


KEYS = (
    Key("outline", ("O",), "Outline a particle by a click or a box", "Tools"),
    Key("brush", ("B",), "Paint a particle", "Tools"),
    Key("split", ("S",), "Split a particle along a line", "Tools"),
    Key("merge", ("M",), "Merge two pieces", "Tools"),
    Key("erase", ("X",), "Erase particles", "Tools"),
    Key("confirm", ("C",), "Confirm the selected particle", "Particles"),
    Key("remove", ("Delete",), "Remove the selected particles", "Particles"),
    Key("undo", ("U", "Ctrl+Z"), "Undo", "Particles"),
    Key("redo", ("Shift+U", "Ctrl+Shift+Z"), "Redo", "Particles"),
    Key("doubtful", ("N",), "Go to the next doubtful particle", "Particles"),
    Key("previous", ("PageUp",), "Previous image", "View"),
    Key("next", ("PageDown",), "Next image", "View"),
    Key("show", ("V",), "Show or hide the particles", "View"),
    Key("fill", ("F",), "Fill the particles or draw contours", "View"),
    Key("pan", ("Space",), "Hold to move the image", "View"),
    Key("keys", ("?",), "Show these keys", "View"),
)
OWN = ("pan", "keys")
"""What the keys do by themselves."""


class Keys(QObject):
    """Calls actions when their keys are pressed in the canvas or in the dock, but never while somebody types.

    Parameters
    ----------
    viewer
        Whose canvas and layers listen.
    dock
        The widget that listens with everything in it; it is in the window of the viewer.
    actions
        What to call, by the names in `KEYS`. Keys of other actions keep what they do in napari.
    """

    def __init__(self, viewer: "Viewer", dock: QWidget, actions: Mapping[str, Callable[[], None]]) -> None:
        super().__init__(dock)
        self._viewer, self._dock, self._actions = viewer, dock, {**actions, "pan": self._pan, "keys": self.show_keys}
        if unknown := set(actions) - {key.name for key in KEYS} | set(actions) & set(OWN):
            raise ValueError(f"These actions have no keys: {', '.join(sorted(unknown))}.")
        self.listed = tuple(key for key in KEYS if key.name in self._actions)
        self._shortcuts: list[_Shortcut] = []
        self._bound: list[tuple[Any, str, Any]] = []
        self._layer: list[tuple[Any, str, Any]] = []

    @property
    def taken(self) -> bool:
        """Whether the keys are listened to."""
        return bool(self._shortcuts)

    def take(self) -> None:
        """Listen to the keys, as long as the dock is shown."""
        if self.taken:
            return
        self._bound = self._bind(self._viewer)
        self._add_shortcuts(self._dock, self.listed, Qt.ShortcutContext.WidgetWithChildrenShortcut)
        canvas = canvas_of(self._dock)
        if canvas is not None:
            overview = [key for key in self.listed if key.name == "keys"]
            self._add_shortcuts(canvas, overview, Qt.ShortcutContext.WidgetShortcut)
        self._viewer.layers.selection.events.active.connect(self._follow)
        _application().focusChanged.connect(self._pause_while_typing)
        self._follow()
        self._pause_while_typing()

    def release(self) -> None:
        """Give the keys back to napari."""
        if not self.taken:
            return
        _application().focusChanged.disconnect(self._pause_while_typing)
        self._viewer.layers.selection.events.active.disconnect(self._follow)
        _unbind(self._layer)
        _unbind(self._bound)
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts.clear()

    def show_keys(self) -> None:
        """Show all keys over the canvas."""
        KeysOverlay([(key.group, key.shown, key.does) for key in self.listed], self._dock).open_over(
            canvas_of(self._dock) or self._dock
        )

    def _bind(self, place: Any) -> list[tuple[Any, str, Any]]:
        """Bind what napari can to a viewer or layer; return the place, the keys, and what was bound there before."""
        return [
            (place, text, place.bind_key(text, self._in_canvas(key.name), overwrite=True))
            for key in self.listed
            if key.name not in OWN
            for text in key.keys
        ]

    def _in_canvas(self, name: str) -> Callable[[object], None]:
        """Return a function for napari, which passes it the keys that fields of its window do not take."""

        def press(place: object) -> None:
            if not _typing():
                self._call(name)

        return press

    def _add_shortcuts(self, widget: QWidget, keys: "tuple[Key, ...] | list[Key]", context: Qt.ShortcutContext) -> None:
        for key in keys:
            for text in key.keys:
                shortcut = _Shortcut(_sequence(text), widget, context, key.name)
                shortcut.chosen.connect(self._call)
                self._shortcuts.append(shortcut)

    def _follow(self, event: object = None) -> None:
        """Bind to the layer that is active now."""
        _unbind(self._layer)
        active: Layer | None = self._viewer.layers.selection.active
        if isinstance(active, Image | Labels):
            self._layer = self._bind(active)

    def _call(self, name: str) -> None:
        self._actions[name]()

    def _pause_while_typing(self, *_: object) -> None:
        for shortcut in self._shortcuts:
            shortcut.setEnabled(not _typing())

    def _pan(self) -> None:
        """Hand Space to the canvas, where napari moves the image until it is released."""
        canvas = canvas_of(self._dock)
        if canvas is not None:
            present(canvas.window()).activateWindow()
            canvas.setFocus()
            pressed = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ")
            QApplication.sendEvent(canvas, pressed)


class _Shortcut(QShortcut):
    """A shortcut that knows the name of its action."""

    chosen = Signal(str)

    def __init__(self, sequence: QKeySequence, parent: QWidget, context: Qt.ShortcutContext, name: str) -> None:
        super().__init__(sequence, parent)
        self._name = name
        self.setContext(context)
        self.setAutoRepeat(False)
        self.activated.connect(self._choose)

    def _choose(self) -> None:
        self.chosen.emit(self._name)


def _typing() -> bool:
    """Whether the keyboard is with a field that text can be entered in."""
    field = QApplication.focusWidget()
    if isinstance(field, QLineEdit | QTextEdit | QPlainTextEdit):
        return not field.isReadOnly()
    return isinstance(field, QAbstractSpinBox) or (isinstance(field, QComboBox) and field.isEditable())


def _unbind(bound: list[tuple[Any, str, Any]]) -> None:
    for place, text, before in bound:
        place.bind_key(text, before, overwrite=True)
    bound.clear()


def _sequence(key: str) -> QKeySequence:
    return QKeySequence("+".join(QT_NAMES.get(part, part) for part in key.split("+")))


def _application() -> QApplication:
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        raise RuntimeError("There is no application with windows.")
    return application
