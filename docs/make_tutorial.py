"""Make the pictures of the tutorial from a real run of the whole loop.

``xvfb-run -a -s "-screen 0 1280x800x24" uv run python docs/make_tutorial.py``; takes some minutes.
"""

import argparse
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import QEventLoop, QTimer, Signal
from skimage.measure import regionprops

from particleforge.store.labels import border_ids

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
COLOURS, SETTLED_MS, LIMIT_MS = 96, 1500, 3_600_000
PARTICLES = 10
sys.path.append(str(ROOT))
from tests.e2e.conftest import Mouse  # noqa: E402 (the hand that drives the tests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="How long to train.")
    minutes = parser.parse_args().minutes
    with new_viewer() as viewer:
        tour(viewer, minutes)


@contextmanager
def new_viewer() -> Iterator[napari.Viewer]:
    """Viewer without a workspace."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path.home = staticmethod(lambda: Path(folder))
        yield napari.Viewer(title="ParticleForge")


def tour(viewer: napari.Viewer, minutes: float) -> None:
    """Annotate, augment, train and measure; a picture of each."""
    viewer.theme = "light"
    viewer.window.resize(1280, 800)
    viewer.open_sample("napari-particleforge", "rods")
    truth = viewer.layers["particles"].data
    viewer.layers.remove("particles")
    annotate(viewer, truth)
    augment(viewer)
    train(viewer, minutes)
    measure(viewer)
    viewer.close()


def annotate(viewer: napari.Viewer, truth: np.ndarray) -> None:
    """Set the scale by the bar, click some particles, brush some background."""
    panel = open_panel(viewer, "Annotate")
    hand = Mouse(viewer)
    panel.scale.measure.click()
    height, width = viewer.layers["rods"].data.shape[-2:]
    hand.drag((height - 14, width - 140), (height - 14, width - 80), (height - 14, width - 10))
    panel.scale.length.value = "100 nm"
    shoot(viewer, "scale")
    panel.scale.set_scale.click()
    panel.begin.click()
    settle()
    whole = [region for region in regionprops(truth) if region.label not in border_ids(truth)]
    for region in sorted(whole, key=lambda region: -region.area)[:PARTICLES]:
        hand.click(region.centroid)
        settle(200)
    panel.background.brush.click()
    for place in ((90, 210), (250, 440), (350, 165)):
        hand.drag(place, (place[0], place[1] + 20), (place[0] + 6, place[1] + 45))
    wait(panel.session.saver.saved, panel.session.touch)
    shoot(viewer, "annotate")
    close_panel(viewer, panel)


def augment(viewer: napari.Viewer) -> None:
    """Preview four samples, then generate some."""
    panel = open_panel(viewer, "Augment")
    hide(viewer)
    wait(viewer.layers.events.inserted, panel.preview.click)
    shoot(viewer, "augment", fit=True)
    panel.form.front.set_params(panel.form.front.params().replace(count=16))
    wait(panel.row.done, panel.row.button.click)
    close_panel(viewer, panel)
    hide(viewer)


def train(viewer: napari.Viewer, minutes: float) -> None:
    """Train for a while."""
    viewer.layers["rods"].visible = True
    panel = open_panel(viewer, "Train")
    panel.form.front.set_params(panel.form.front.params().replace(minutes=minutes))
    half = QTimer(singleShot=True, interval=round(minutes * 36_000))
    wait(half.timeout, lambda: (panel.row.button.click(), half.start()))
    shoot(viewer, "train", fit=True)
    if panel.row.running:
        wait(panel.row.done)
    close_panel(viewer, panel)


def measure(viewer: napari.Viewer) -> None:
    """Measure with what was trained; highlight the particles of a bar."""
    panel = open_panel(viewer, "Measure")
    panel.image.value = viewer.layers["rods"]
    panel.model.set_value(pathlib.Path.home() / "ParticleForge" / "models" / "detector-1")
    wait(viewer.layers.events.inserted, panel.row.button.click)
    settle(4 * SETTLED_MS)
    panel.view.plot.pick_bar(len(panel.view.plot.bars) // 2)
    shoot(viewer, "measure", fit=True)
    close_panel(viewer, panel)


def open_panel(viewer: napari.Viewer, name: str):
    _, panel = viewer.window.add_plugin_dock_widget("napari-particleforge", name)
    settle()
    viewer.reset_view()
    return panel


def close_panel(viewer: napari.Viewer, panel) -> None:
    viewer.window.remove_dock_widget(panel)
    settle()


def hide(viewer: napari.Viewer) -> None:
    """Hide what is shown, so that what comes next is seen."""
    for layer in viewer.layers:
        layer.visible = False


def wait(signal: Signal, start: Callable[[], object] = lambda: None) -> None:
    """Do something and keep the window responsive until a signal is emitted."""
    loop = QEventLoop()

    def end(*_: object) -> None:
        loop.quit()

    signal.connect(end)
    QTimer.singleShot(0, start)
    QTimer.singleShot(LIMIT_MS, loop.quit)
    loop.exec()
    signal.disconnect(end)


def settle(milliseconds: int = SETTLED_MS) -> None:
    """Give the window time to draw itself."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def shoot(viewer: napari.Viewer, name: str, fit: bool = False) -> None:
    """Save the window as a picture, in both themes."""
    if fit:
        viewer.reset_view()
    for theme in ("dark", "light"):
        viewer.theme = theme
        settle()
        shot = Image.fromarray(viewer.screenshot(canvas_only=False, flash=False)[..., :3])
        shot.quantize(COLOURS).save(IMAGES / f"tutorial_{name}_{theme}.png", optimize=True)


if __name__ == "__main__":
    main()
