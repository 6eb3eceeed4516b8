"""Which image is meant when several are open."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image, Layer

if TYPE_CHECKING:
    from napari.components import LayerList

KEY, FILE = "particleforge", "file"
"""Where layers made here keep what is known of them, and the path of the file of one that was read here."""
COVERING = ("opaque", "translucent", "translucent_no_depth")
"""Blending with which an image hides those below."""


def front_image(layers: Sequence[Layer], active: Layer | None) -> Image | None:
    """Return the active image; if no image is active the topmost visible one, else the topmost."""
    if isinstance(active, Image) and active in layers:
        return active
    images = [layer for layer in layers if isinstance(layer, Image)]
    return next((image for image in reversed(images) if image.visible), images[-1] if images else None)


def mark_of(role: str, name: str, folder: Path) -> dict[str, str]:
    """Mark of a layer that holds a part of the annotation of an image, so that it is found again."""
    return {"role": role, "name": name, "folder": str(folder)}


def made_here(layer: Layer | None) -> bool:
    """Whether a layer shows something ParticleForge has made, such as a preview; what it has read is not."""
    about = None if layer is None else layer.metadata.get(KEY)
    return isinstance(about, Mapping) and FILE not in about


def bring_to_front(layers: "LayerList", image: Image) -> None:
    """Show an image, and hide the images above that cover it."""
    if image not in layers:
        return
    image.visible = True
    for other in layers[layers.index(image) + 1 :]:
        if isinstance(other, Image) and other.visible and other.blending in COVERING:
            other.visible = False
