"""Time to open the first panel next to the time napari takes for its own window.

``xvfb-run -a uv run python benchmarks/panel_opening.py`` (without ``xvfb-run -a`` where there is a screen).
"""

import argparse
import json
import subprocess
import sys
from statistics import median

PANELS = ("ParticleForge", "Augment", "Synthesize", "Aggregates")
CODE = """
import json, sys, time
began = time.perf_counter()
import napari
viewer = napari.Viewer(show=True)
from qtpy.QtWidgets import QApplication
QApplication.processEvents()
shown = time.perf_counter()
viewer.window.add_plugin_dock_widget("napari-particleforge", sys.argv[1])
QApplication.processEvents()
print(json.dumps([shown - began, time.perf_counter() - shown]))
viewer.close()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print("| panel | napari.Viewer (s) | first panel (s) | ratio |\n|---|---|---|---|")
    for panel in PANELS:
        times = [measured(panel) for _ in range(runs)]
        viewer, opened = (median(part) for part in zip(*times, strict=True))
        print(f"| {panel} | {viewer:.2f} | {opened:.2f} | {median(b / a for a, b in times):.2f} |", flush=True)


def measured(panel: str) -> tuple[float, float]:
    """Seconds for viewer and panel in a process of their own."""
    found = subprocess.run([sys.executable, "-c", CODE, panel], capture_output=True, text=True, check=True)
    viewer, opened = json.loads(found.stdout.splitlines()[-1])
    return viewer, opened


if __name__ == "__main__":
    main()
