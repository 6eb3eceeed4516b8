"""What lies over a viewer's picture; napari below 0.9 keeps it at the viewer itself."""

from typing import Any


def grid(viewer: Any) -> Any:
    """Side-by-side view of layers."""
    return getattr(viewer, "canvas", viewer).grid


def scale_bar(viewer: Any) -> Any:
    """Scale bar."""
    canvas = getattr(viewer, "canvas", viewer)
    return canvas.overlays.scale_bar if hasattr(canvas, "overlays") else canvas.scale_bar
