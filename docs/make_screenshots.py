"""Make the pictures of README and docs from the demo's results.

``particleforge demo --out demo-out``, then ``xvfb-run -a uv run python docs/make_screenshots.py demo-out/1/results``.
"""

import argparse
import time
from pathlib import Path

from PIL import Image
from qtpy.QtWidgets import QApplication

from particleforge.cli.demo import SPHERES
from particleforge.widgets.show import show

IMAGES = Path(__file__).resolve().parent / "images"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    results = parser.parse_args().results
    IMAGES.mkdir(exist_ok=True)
    with Image.open(results / "figures" / "spheres_1.png") as figure:
        figure.convert("RGB").quantize(128).save(IMAGES / "figure.png", optimize=True)
    viewer = show(results, SPHERES / "more" / "images")
    viewer.title = "ParticleForge"
    viewer.window.resize(1200, 820)
    settle()
    viewer.reset_view()
    settle()
    shot = viewer.screenshot(canvas_only=False)
    Image.fromarray(shot[..., :3]).quantize(255).save(IMAGES / "demo.png", optimize=True)
    viewer.close()


def settle(seconds: float = 1.0) -> None:
    """Let the window draw itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()


if __name__ == "__main__":
    main()
