"""CPU time and visible particles of our cut-paste recipe next to UTILE-Gen (Colliard-Granero et al. 2023).

Run with a checkout of https://github.com/andyco98/UTILE-Gen, which has no licence and is therefore no part of
this project: ``uv run python benchmarks/cutpaste_vs_utile_gen.py --utile PATH``. UTILE-Gen runs in an environment
of its own (it needs NumPy 1) on copies of the source images, since it overwrites what it is given. Both get the
same four images and make the same: 1024 x 1024 px, 100 particles, sizes times 0.8 to 1.25, the source's own
background painted over. Visible are ids with at least one pixel. Times are CPU seconds of all threads; imports and
the first, compiling call are left out.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIDE_PX, PARTICLES = 1024, 100
SOURCES = {16: 150, 38: 120, 70: 80, 116: 36}
"""Median diameter in px -> particles in the source image."""
PEER_PACKAGES = ("numpy<2", "opencv-python-headless<4.12", "scipy", "pillow", "matplotlib")
MODES = {"overlap": 0.9, "apart": 0.0}


def source(diameter_px: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey image and labels of ellipses on a jittered raster, none of them cut or touching."""
    rng = np.random.default_rng(diameter_px)
    pitch = SIDE_PX / np.ceil(np.sqrt(count))
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    labels = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    image = 70 + 20 * x / SIDE_PX
    for n in range(count):
        across = diameter_px / 2 * rng.uniform(0.85, 1.15)
        aspect, turn = rng.uniform(0.85, 1.18), rng.uniform(0, np.pi)
        slack = max(0.0, pitch / 2 - 1.3 * across - 2)
        dy, dx = ((k + 0.5) * pitch + rng.uniform(-slack, slack) for k in divmod(n, int(np.ceil(np.sqrt(count)))))
        u = ((x - dx) * np.cos(turn) + (y - dy) * np.sin(turn)) / (across * aspect)
        v = ((y - dy) * np.cos(turn) - (x - dx) * np.sin(turn)) / (across / aspect)
        inside = u**2 + v**2 < 1
        labels[inside] = n + 1
        image = np.where(inside, 130 + 60 * np.sqrt(np.maximum(0, 1 - u**2 - v**2)), image)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8), labels


def cpu_s(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = action()
    return time.process_time() - start, result


def ours(image: np.ndarray, labels: np.ndarray, images: int) -> dict[str, Any]:
    """Measure times and visible particles of the cut-paste recipe; keep the reason where it refuses."""
    from particleforge.draws import Uniform
    from particleforge.errors import UserError
    from particleforge.micrograph import Micrograph
    from particleforge.recipes.cutpaste.canvases.inpainted import Inpainted
    from particleforge.recipes.cutpaste.recipe import CutPaste
    from particleforge.recipes.recipe import make_sample
    from particleforge.sample import Sample

    sample = Sample(Micrograph(image, name="source"), labels.astype(np.uint32))
    result: dict[str, Any] = {"modes": {}}
    for mode, overlap in MODES.items():
        recipe = CutPaste(
            particles=PARTICLES,
            overlap=overlap,
            scale=Uniform(low=0.8, high=1.25),
            canvas=Inpainted(),
            min_visible=0.1,
            lettering=0,
        )
        result["setup_s"], prepared = cpu_s(lambda recipe=recipe: recipe.prepare([sample]))
        spent, visible = [], []
        try:
            make_sample(recipe, prepared, 0, 0)
            for index in range(1, images + 1):
                seconds, made = cpu_s(lambda r=recipe, p=prepared, i=index: make_sample(r, p, 0, i))
                spent.append(seconds)
                visible.append(len(np.unique(made.labels[made.labels > 0])))
            result["modes"][mode] = {"image_s": float(np.mean(spent)), "visible": float(np.mean(visible))}
        except UserError as error:
            result["modes"][mode] = {"refused": str(error)}
    return result


def theirs(utile: Path, image: np.ndarray, labels: np.ndarray, images: int) -> dict[str, Any]:
    """Measure times and visible particles of UTILE-Gen in a process and an environment of its own."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(image).save(Path(folder, "image.tif"))
        Image.fromarray(labels).save(Path(folder, "mask.tif"))
        packages = [word for package in PEER_PACKAGES for word in ("--with", package)]
        command = ["uv", "run", "--isolated", "--no-project", "--python", "3.11", *packages]
        command += ["python", __file__, "--utile", str(utile), "--images", str(images), "--as-peer", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            sys.exit(f"UTILE-Gen failed:\n{done.stderr[-3000:]}")
        result: dict[str, Any] = json.loads(Path(folder, "result.json").read_text())
        return result


def as_peer(utile: Path, folder: Path, images: int) -> None:
    """Run UTILE-Gen once on the image in a folder; its pasting step is timed apart from its set-up."""
    import random

    from PIL import Image

    os.environ["MPLBACKEND"] = "Agg"
    sys.path.insert(0, str(utile / "UTILE-Gen Tool"))
    import DatasetGeneratorFunctions as peer

    random.seed(0)
    np.random.seed(0)
    modes: dict[str, Any] = {}
    paste, pasting_s = peer.Random_Paste_Objects, 0.0

    def timed(backgrounds: str, particles: str, *rest: Any) -> None:
        nonlocal pasting_s
        size, low, high, project, _, *effects = rest
        for mode, overlap in MODES.items():
            given = (backgrounds, particles, size, low, high, project, not overlap, *effects)
            seconds, _ = cpu_s(lambda given=given: paste(*given))
            pasting_s += seconds
            masks = [np.asarray(Image.open(path)) for path in Path(f"ground_truth_{project}/masks").iterdir()]
            visible = float(np.mean([len(np.unique(mask[mask > 0])) for mask in masks]))
            modes[mode] = {"image_s": seconds / size, "visible": visible}

    peer.Random_Paste_Objects = timed
    os.chdir(folder)
    real_particles = real_background = True
    arguments = (str(folder / "mask.tif"), str(folder / "image.tif"), "project", False, real_particles, real_background)
    effects = (0.0, 0.3, 0.8, 1.25)  # salt and pepper, blur, smallest and largest scale
    total_s, _ = cpu_s(lambda: peer.Dataset_Gen(images, PARTICLES, PARTICLES, *arguments, *effects))
    (folder / "result.json").write_text(json.dumps({"setup_s": total_s - pasting_s, "modes": modes}))


HEADER = ("ECD px", "mode", "set-up s, UTILE-Gen", "ours", "ratio", "s per image, UTILE-Gen", "ours", "ratio")


def show(diameter_px: int, peer: dict[str, Any], own: dict[str, Any]) -> None:
    for mode in MODES:
        a, b = peer["modes"][mode], own["modes"][mode]
        cells = [str(diameter_px), mode, f"{peer['setup_s']:.1f}", f"{own['setup_s']:.2f}"]
        cells += [f"{peer['setup_s'] / own['setup_s']:.0f}", f"{a['image_s']:.2f}"]
        if "refused" in b:
            cells += ["-", "-", f"{a['visible']:.0f}", f"refused: {b['refused']}"]
        else:
            cells += [f"{b['image_s']:.3f}", f"{a['image_s'] / b['image_s']:.1f}"]
            cells += [f"{a['visible']:.0f}", f"{b['visible']:.0f}"]
        print("|", " | ".join(cells), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utile", type=Path, required=True, help="checkout of UTILE-Gen")
    parser.add_argument("--images", type=int, default=3, help="images per mode")
    parser.add_argument("--diameters", type=int, nargs="*", default=list(SOURCES), choices=list(SOURCES))
    parser.add_argument("--as-peer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_peer:
        with contextlib.redirect_stdout(None):
            as_peer(options.utile.resolve(), options.as_peer.resolve(), options.images)
        return
    print("|", " | ".join((*HEADER, "visible, UTILE-Gen", "ours")), "|")
    print("|---" * (len(HEADER) + 2) + "|", flush=True)
    for diameter_px in options.diameters:
        image, labels = source(diameter_px, SOURCES[diameter_px])
        own = ours(image, labels, options.images)
        show(diameter_px, theirs(options.utile.resolve(), image, labels, options.images), own)


if __name__ == "__main__":
    main()
