"""What else there is: panels of their own for those who make images instead of measuring them."""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from napari import Viewer


class Other(NamedTuple):
    """A panel.

    Parameters
    ----------
    title
        Its name.
    tip
        What it does.
    place
        Module and name of its class, imported when it is opened.
    """

    title: str
    tip: str
    place: str


OTHERS = (
    Other(
        "Augment",
        "Grow a training set from a few annotated particles: cut and paste, warp.",
        "particleforge.widgets.augment.panel:AugmentPanel",
    ),
    Other(
        "Synthesize",
        "Draw annotated micrographs from a recipe: rendered scenes, aggregates, grains.",
        "particleforge.widgets.synthesize.panel:SynthesizePanel",
    ),
    Other(
        "Aggregates",
        "Grow aggregates, and estimate the parameters of yours.",
        "particleforge.widgets.aggregates.panel:AggregatesPanel",
    ),
)


def open_other(viewer: "Viewer", other: Other) -> None:
    """Open a panel in a dock of its own, behind the bench; one that is open comes to the front."""
    there = viewer.window.dock_widgets.get(other.title)
    if isinstance(there, QWidget):
        there.show()
        return
    module, _, name = other.place.partition(":")
    made: QWidget = getattr(import_module(module), name)(viewer)
    viewer.window.add_dock_widget(made, name=other.title, area="right", tabify=True)
