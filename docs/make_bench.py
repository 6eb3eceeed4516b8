"""Make the pictures of the bench, and the moving one, from real runs with the bundled micrographs.

``xvfb-run -a -s "-screen 0 1920x1200x24" uv run python docs/make_bench.py``; takes some minutes. ``--movie`` makes the
moving picture only, ``--pictures`` the others only.
"""

import argparse
import pathlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import napari
import numpy as np
from PIL import Image, ImageDraw
from qtpy.QtCore import QEventLoop, QPoint, Qt, QTimer, Signal
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from particleforge.widgets.bench.bench import Bench

IMAGES = Path(__file__).resolve().parent / "images" / "bench"
WINDOWS = {"": (1280, 800), "_wide": (1920, 1080)}
THEMES = ("dark", "light")
QUALITIES, LARGEST_BYTES = (85, 75, 60, 45), 200_000
"""Grainy micrographs would lose their colours in small PNG or GIF files."""
SETTLED_MS, LIMIT_MS = 600, 1_200_000
ROD_BAR = "100 nm"
MOVIE, MOVIE_BYTES, MOVIE_SIZE = "movie.webp", 3_000_000, (960, 600)
POINTER = ((0, 0), (0, 17), (4, 13), (7, 19), (10, 18), (7, 12), (12, 12))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movie", action="store_true", help="Make the moving picture only.")
    parser.add_argument("--pictures", action="store_true", help="Make the other pictures only.")
    wanted = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    if not wanted.movie:
        with opened() as (viewer, bench):
            Tour(viewer, bench).run()
    if not wanted.pictures:
        with opened() as (viewer, bench):
            Movie(viewer, bench).run()


@contextmanager
def opened() -> Iterator[tuple[napari.Viewer, Bench]]:
    """Open a viewer with the bench in a home folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path.home = staticmethod(lambda: Path(folder))
        viewer = napari.Viewer(title="ParticleForge")
        viewer.window.resize(*WINDOWS[""])
        _, bench = viewer.window.add_plugin_dock_widget("napari-particleforge", "ParticleForge")
        settle()
        yield viewer, bench
        viewer.close()


class Tour:
    """Goes from a folder to sizes, and takes a picture of each step in both themes and window sizes."""

    def __init__(self, viewer: napari.Viewer, bench: Bench) -> None:
        self.viewer, self.bench = viewer, bench

    def run(self) -> None:
        """Take all pictures."""
        bench = self.bench
        self.shoot("start")
        show_first(bench, bench.welcome.samples.click)
        bench.go_to("Scale")
        settle(4 * SETTLED_MS)
        bench.scale.image.measure.click()
        settle(4 * SETTLED_MS)
        self.shoot("scale_bar")
        set_scale(bench)
        self.shoot("scale")
        bench.go_to("Find")
        find_all(bench)
        self.shoot("find")
        bench.go_to("Check")
        settle(2 * SETTLED_MS)
        self.shoot("check")
        bench.go_to("Sizes")
        settle(4 * SETTLED_MS)
        self.shoot("sizes")

    def shoot(self, name: str) -> None:
        """Save the window in both sizes and themes."""
        for suffix, size in reversed(WINDOWS.items()):
            self.viewer.window.resize(*size)
            for theme in THEMES:
                self.viewer.theme = theme
                settle()
                self.viewer.reset_view()
                settle(SETTLED_MS // 2)
                save(grab(self.viewer), IMAGES / f"{name}{suffix}_{theme}.webp")


class Movie:
    """From sample images to their sizes by group in a few clicks, with the pointer drawn where it clicks."""

    def __init__(self, viewer: napari.Viewer, bench: Bench) -> None:
        self.viewer, self.bench = viewer, bench
        self.frames: list[Image.Image] = []
        self.lengths_ms: list[int] = []

    def run(self) -> None:
        """Record and save."""
        bench, self.viewer.theme = self.bench, "light"
        settle()
        self.click(bench.welcome.samples, 2000)
        settle(4 * SETTLED_MS)
        bench.go_to("Scale")
        settle(4 * SETTLED_MS)
        self.click(bench.scale.image.measure, 1500)
        settle(4 * SETTLED_MS)
        bench.scale.image.ruler.length.setText(ROD_BAR)
        self.click(bench.scale.image.ruler.set_scale, 2000)
        settle()
        bench.go_to("Find")
        settle()
        ended: list[bool] = []
        bench.finding.page.ended.connect(lambda: ended.append(True))
        self.click(bench.finding.page.row.button, 1500)
        while not ended:
            settle(SETTLED_MS)
            self.take(250)
        settle(2 * SETTLED_MS)
        self.click(bench.finding.page.sizes, 2000)
        settle(4 * SETTLED_MS)
        self.take(4000)
        self.save()

    def click(self, button: QWidget, before_ms: int) -> None:
        """Show the pointer on a button for a while, then click."""
        middle = button.rect().center()
        window = self.viewer.window._qt_window
        self.take(before_ms, button.mapTo(window, middle))
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=middle)
        settle(SETTLED_MS // 4)

    def take(self, length_ms: int, pointer: QPoint | None = None) -> None:
        """Record what is seen now."""
        frame = Image.fromarray(grab(self.viewer))
        if pointer is not None:
            pen, (x, y) = ImageDraw.Draw(frame), (pointer.x(), pointer.y())
            pen.ellipse((x - 16, y - 16, x + 16, y + 16), outline="#ff5f00", width=3)
            pen.polygon([(x + dx, y + dy) for dx, dy in POINTER], fill="white", outline="black")
        self.frames.append(frame.resize(MOVIE_SIZE, Image.Resampling.LANCZOS))
        self.lengths_ms.append(length_ms)

    def save(self) -> None:
        """Write the frames."""
        path, (first, *others) = IMAGES / MOVIE, self.frames
        first.save(path, save_all=True, append_images=others, duration=self.lengths_ms, loop=0, quality=70)
        check_size(path, MOVIE_BYTES)


def show_first(bench: Bench, act: Callable[[], object]) -> None:
    act()
    settle(5 * SETTLED_MS)


def set_scale(bench: Bench) -> None:
    """Enter the length of the bar that was found."""
    bench.scale.image.ruler.length.setText(ROD_BAR)
    bench.scale.image.ruler.set_scale.click()
    settle(2 * SETTLED_MS)


def find_all(bench: Bench) -> None:
    """Find the particles of all images."""
    settle()
    page = bench.finding.page
    wait(page.ended, page.row.button.click)
    settle(3 * SETTLED_MS)


def grab(viewer: napari.Viewer) -> np.ndarray:
    """Return what the window shows."""
    return np.asarray(viewer.screenshot(canvas_only=False, flash=False))[..., :3]


def save(shown: np.ndarray, path: Path) -> None:
    """Save a picture in the best quality that its size allows."""
    for quality in QUALITIES:
        Image.fromarray(shown).save(path, quality=quality)
        if path.stat().st_size <= LARGEST_BYTES:
            return
    check_size(path, LARGEST_BYTES)


def check_size(path: Path, most_bytes: int) -> None:
    """Raise an error if a file is too large for the repository."""
    if (size := path.stat().st_size) > most_bytes:
        raise ValueError(f"{path.name} has {size} bytes; at most {most_bytes} are allowed.")


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


if __name__ == "__main__":
    main()
