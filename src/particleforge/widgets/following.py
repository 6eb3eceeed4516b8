"""Layers that stay on an image when its scale or place changes."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Layer

PLACED = ("scale", "translate", "units")
"""What decides where the pixels of a layer lie; napari has an event of the same name for each."""


class Following:
    """Gives layers the scale, units and place of an image, whoever changes them.

    Parameters
    ----------
    image
        The image that is followed.
    layers
        Layers that follow; they have the last axes of the image.
    """

    def __init__(self, image: "Layer", *layers: "Layer") -> None:
        self._image, self._layers = image, layers
        self._events = [image.events.emitters[name] for name in PLACED]
        for emitter in self._events:
            emitter.connect(self._follow)

    def release(self) -> None:
        """Let the layers stay where they are."""
        for emitter in self._events:
            emitter.disconnect(self._follow)

    def _follow(self, event: object = None) -> None:
        for layer in self._layers:
            for name in ("scale", "translate"):
                wanted = np.asarray(getattr(self._image, name))[-layer.ndim :]
                if not np.allclose(getattr(layer, name), wanted, rtol=1e-12, atol=0):
                    setattr(layer, name, wanted)
            units = tuple(self._image.units[-layer.ndim :])
            if tuple(layer.units) != units:
                layer.units = units
