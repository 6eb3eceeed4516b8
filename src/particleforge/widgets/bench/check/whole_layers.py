"""Layers of whole particles that overlap."""

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer, Shapes

from particleforge.mask import WholeMasks
from particleforge.outline import outline_of
from particleforge.targets.outlines import TOLERANCE_PX
from particleforge.widgets.annotate.geometry import geometry_of


def outlines_layer(masks: WholeMasks, image: Image) -> Layer:
    """Layer of the outlines of whole particles, with their ids as features."""
    from skimage.measure import approximate_polygon

    lines = [
        approximate_polygon(outline_of(mask.pixels, (mask.top, mask.left)), TOLERANCE_PX)  # type: ignore[no-untyped-call]
        for mask in masks.values()
    ]
    about: dict[str, Any] = geometry_of(image)
    return Shapes(
        lines,
        shape_type="polygon",
        name=f"{image.name} whole outlines",
        edge_color="yellow",
        face_color="transparent",
        edge_width=0.5,
        features={"label": list(masks)},
        **about,
    )


def labels_layer(masks: WholeMasks, visible: npt.NDArray[np.uint32], image: Image) -> Layer:
    """Layer of labels in which the particles that others hide most are on top.

    Parameters
    ----------
    masks
        Masks by id.
    visible
        (Y, X) ids of what is visible.
    image
        The layer of the image.
    """
    shares = {number: (visible[one.window][one.pixels] == number).mean() for number, one in masks.items()}
    labels = np.zeros_like(visible)
    for number in sorted(masks, key=lambda one: -shares[one]):
        labels[masks[number].window][masks[number].pixels] = number
    return Labels(labels, name=f"{image.name} hidden parts", opacity=0.5, **geometry_of(image))
