"""An aggregate as layers: its spheres in 3D, and its image next to them."""

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer, Points

from particleforge.widgets.aggregates.grown import Grown
from particleforge.widgets.files import LENGTH
from particleforge.widgets.preview import find_layer, put_layer
from particleforge.widgets.synthesize.side_by_side import GAP, placed

if TYPE_CHECKING:
    from napari import Viewer

SPHERES, IMAGE = "Grown aggregate", "Grown image"
COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442")
"""Colours of the materials, in turn."""


def colour_of(material: int) -> str:
    """Colour of a recipe's material."""
    return COLOURS[material % len(COLOURS)]


class ShownAggregate:
    """Keeps two layers: spheres with their true diameters and to their right the image, at one scale.

    Both are to the right of other visible images.

    Parameters
    ----------
    viewer
        Where they are.
    """

    def __init__(self, viewer: "Viewer") -> None:
        self._viewer = viewer
        self._corner: tuple[float, float] | None = None

    @property
    def there(self) -> bool:
        """Whether both layers are in the viewer."""
        return all(find_layer(self._viewer, name) is not None for name in (SPHERES, IMAGE))

    def show(self, grown: Grown, solid: bool) -> None:
        """Show another aggregate, in 3D or as seen from the source.

        Parameters
        ----------
        grown
            The aggregate.
        solid
            Whether in 3D; the viewer is switched to 3D or 2D accordingly.
        """
        layers, dims = self._viewer.layers, self._viewer.dims
        selected = set(layers.selection)
        old = find_layer(self._viewer, SPHERES)
        new = old is None or old.ndim != (3 if solid else 2)
        if new and old is not None:
            layers.remove(old)
        if not solid:
            dims.ndisplay = 2
        was, (spheres, image) = self._corner, self._options(grown, solid)
        put_layer(self._viewer, Points, SPHERES, **spheres).editable = False
        shown = put_layer(self._viewer, Image, IMAGE, **image)
        shown.reset_contrast_limits()
        if new:
            dims.ndisplay = 3 if solid else 2
        if new or self._corner != was:
            self._viewer.reset_view()
        if selected & set(layers):
            layers.selection = selected & set(layers)

    def _options(self, grown: Grown, solid: bool) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return data and options of both layers."""
        micrograph, spheres = grown.sample.micrograph, grown.spheres
        others = [layer for layer in self._viewer.layers if layer.name not in (SPHERES, IMAGE)]
        seen = [layer for layer in others if isinstance(layer, (Image, Labels)) and layer.visible]
        right = max(seen, key=lambda layer: float(layer.extent.world[1, -1]), default=None)
        image = placed(micrograph.pixel_size_nm, right, 2)
        self._corner = top, left = image["translate"]
        y_unit, x_unit = image["units"]
        y_scale, x_scale = np.asarray(image["scale"]) / micrograph.pixel_size_nm
        x, radii = spheres.positions_nm[:, 0], spheres.radii_nm
        low, high = float((x - radii).min()), float((x + radii).max())
        image["translate"] = top, left + (1 + GAP) * (high - low) * x_scale
        order = np.argsort(spheres.positions_nm[:, 2], kind="stable")  # without depth, the last one lies on top
        axes, z_unit = (2 if solid else 1), _z_unit(others, x_unit)
        points = {
            "data": spheres.positions_nm[order, axes::-1],
            "scale": (x_scale, y_scale, x_scale)[-axes - 1 :],
            "units": (z_unit, y_unit, x_unit)[-axes - 1 :],
            "translate": (0.0, top, left - low * x_scale)[-axes - 1 :],
            "axis_labels": ("z", "y", "x")[-axes - 1 :],
            "size": 2 * radii[order],
            "face_color": np.array([colour_of(kind) for kind in spheres.materials[order]]),
            "features": grown.truth.iloc[order].reset_index(drop=True),
            "border_width": 0.0,
            "shading": "spherical",
            "blending": "translucent" if solid else "translucent_no_depth",
            "antialiasing": 0.0,
        }
        metadata = {"metadata": {"particleforge": grown.sample.recipe}}
        return points | metadata, {"data": micrograph.grey} | image | metadata


def _z_unit(layers: list[Layer], unit: Any) -> Any:
    """Return a unit for the third axis compatible with other layers; otherwise napari drops all units."""
    deep = [layer.units[-3] for layer in layers if layer.ndim > 2]
    return deep[0] if deep and not deep[0].is_compatible_with(LENGTH) else unit
