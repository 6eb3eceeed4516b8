"""Overlays of a viewer; napari below 0.9 keeps them at the viewer itself."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari import Viewer
    from napari.components import Camera
    from napari.components.grid import GridCanvas
    from napari.components.overlays import ScaleBarOverlay


def grid(viewer: "Viewer") -> "GridCanvas":
    """Side-by-side view of layers."""
    found: GridCanvas = getattr(viewer, "canvas", viewer).grid
    return found


def scale_bar(viewer: "Viewer") -> "ScaleBarOverlay":
    """Scale bar."""
    canvas: Any = getattr(viewer, "canvas", viewer)
    found: ScaleBarOverlay = getattr(canvas, "overlays", canvas).scale_bar
    return found


def camera(viewer: "Viewer") -> "Camera":
    """Where the view is, and how far it is zoomed in; napari 0.9 keeps it at the scene."""
    found: Camera = getattr(viewer, "scene", viewer).camera
    return found


def view_of(viewer: "Viewer") -> tuple[tuple[float, float], float]:
    """Return what a viewer shows of the last two axes: the centre, and the zoom."""
    seen = camera(viewer)
    return (float(seen.center[-2]), float(seen.center[-1])), float(seen.zoom)
