"""The choice of the image that a panel works on."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Image

from particleforge.widgets.active import bring_to_front, front_image

if TYPE_CHECKING:
    from napari import Viewer


class ImageChooser(ComboBox):
    """Offers the images of a viewer; it starts with the one in front, and `follow` switches to the active one.

    An image that the user chooses here becomes the active one and is brought to the front.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    several
        Name of another choice, offered if there are several images; it does not follow.
    """

    def __init__(self, viewer: "Viewer", several: str = "") -> None:
        self._viewer, self._several = viewer, several
        super().__init__(nullable=False, choices=self._images)
        self.native.activated.connect(self.bring_forward)

    def reset_choices(self, *_: Any) -> None:
        """Update the layers offered; the chosen one stays, if it is among them."""
        before = self.value
        self._choose(before if any(before is image for _, image in self._images()) else None, before)

    def follow(self) -> None:
        """Switch to the image that is active; if no image is active, stay."""
        active = self._viewer.layers.selection.active
        if not isinstance(active, Image) or active not in self._viewer.layers:
            return
        if active is not self.value and self.value != self._several:
            self._choose(active, self.value)

    def bring_forward(self, *_: object) -> None:
        """Make the chosen image the active one, and visible."""
        if isinstance(self.value, Image):
            self._viewer.layers.selection.active = self.value
            bring_to_front(self._viewer.layers, self.value)

    def _choose(self, image: Image | str | None, before: Image | str | None) -> None:
        """Choose one of those there are now; None: the one in front."""
        layers = self._viewer.layers
        with self.changed.blocked():
            super().reset_choices()
            wanted = front_image(layers, layers.selection.active) if image is None else image
            if wanted is not None:
                self.value = wanted
        if self.value is not before:
            self.changed.emit(self.value)

    def _images(self, _: object = None) -> list[tuple[str, Image | str]]:
        images: list[tuple[str, Image | str]] = [
            (layer.name, layer) for layer in self._viewer.layers if isinstance(layer, Image)
        ]
        return [*images, (self._several, self._several)] if self._several and len(images) > 1 else images
