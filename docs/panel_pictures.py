"""What the scripts that make pictures of panels share."""

import pathlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import napari
from make_bench import settle, wait

__all__ = ["IMAGES", "new_viewer", "open_panel", "settle", "wait"]
IMAGES = Path(__file__).resolve().parent / "images"


@contextmanager
def new_viewer() -> Iterator[napari.Viewer]:
    """Viewer without a workspace."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path.home = staticmethod(lambda: Path(folder))
        yield napari.Viewer(title="ParticleForge")


def open_panel(viewer: napari.Viewer, name: str):
    """Open a panel, and fit the view."""
    _, panel = viewer.window.add_plugin_dock_widget("napari-particleforge", name)
    settle()
    viewer.reset_view()
    return panel
