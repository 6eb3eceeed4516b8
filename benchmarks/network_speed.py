"""Speed of detection: the network alone, one scale and the search for it, in torch, onnxruntime and TensorFlow.

``uv run python benchmarks/network_speed.py [--official] [--sides 512 1024 4096]``. One thread each, CPU seconds, the
least of some calls after one that does not count. The image is drawn: overlapping ellipses of about the size the
bundled detector works at, in a pattern of 512 px that is repeated. The floor is one pass of the network over the image
in torch, and the search for objects in its maps as in the official package; our figures include normalisation,
resizing and everything else. ``--official`` also runs the official package under TensorFlow with the same weights, in
an environment of its own, in tiles where the image is large. ``--rods`` compares the bundled detectors of rods and of
all shapes on a drawn image of crossing rods, at a known scale, labels included.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from crossing_rods import RECIPE
from stardist_official import cpu_s, drawn, run_official

PATTERN_PX = 512
TILE_PX = 1024
"""Largest side of the tiles of the official package; it needs more memory than ours."""
LARGE_PX = 2048
"""From this side on one call is measured."""


def picture(side: int) -> np.ndarray:
    """Grey image of any size."""
    repeats = -(-side // PATTERN_PX)
    image: np.ndarray = np.tile(drawn((PATTERN_PX, PATTERN_PX), 0)[0], (repeats, repeats))[:side, :side]
    return image


def measured(action: Any, side: int) -> float:
    """CPU seconds of a call."""
    return cpu_s(action, 1 if side > LARGE_PX else 3)


def official(folder: Path) -> None:
    """Time the official package; this is what the child process does."""
    import tensorflow as tf
    from csbdeep.utils import normalize
    from stardist.models import StarDist2D

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    base = Path(request["base"])
    model = StarDist2D(None, name=base.name, basedir=str(base.parent))
    seconds = {}
    for side in request["sides"]:
        tiles = -(-side // TILE_PX)
        image = normalize(picture(side), 1, 99.8)
        seconds[side] = measured(partial(model.predict_instances, image, n_tiles=(tiles, tiles)), side)
    (folder / "seconds.json").write_text(json.dumps(seconds), encoding="utf-8")


def ours(side: int) -> dict[str, float]:
    """CPU seconds of the floor and of our detector."""
    from particleforge.micrograph import Micrograph
    from particleforge.models.normalize import normalize
    from particleforge.models.stardist.instances import Thresholds, instances
    from particleforge.models.stardist.kind import StarDistKind
    from particleforge.models.stardist.model import StarDistModel
    from particleforge.models.stardist.options import Engine, StarDistOptions
    from particleforge.models.stardist.predict import network_maps
    from particleforge.step import run

    model = StarDistKind.load(None)
    micrograph = Micrograph(picture(side))
    thresholds = Thresholds(model.prob_thresh, model.nms_thresh)

    def floor() -> None:
        prob, dist = network_maps(model.net, normalize(micrograph.grey))
        instances(prob, dist, config=model.net.config, thresholds=thresholds, shape=(side, side))

    def detect(detector: StarDistModel, engine: Engine) -> None:
        assert run(detector.steps(micrograph, StarDistOptions(engine=engine))).labels.any()

    seconds = {"floor": measured(floor, side)}
    engines: tuple[Engine, ...] = ("torch", "auto")
    for what, detector in (("one scale", replace(model, search_scales=())), ("search", model)):
        if what == "search" and side > LARGE_PX:
            continue
        for engine in engines:
            seconds[f"{what}, {engine}"] = measured(partial(detect, detector, engine), side)
    return seconds


def rods(side: int) -> None:
    """Print CPU seconds of the bundled detectors on an image of crossing rods, and their ratio."""
    from particleforge.models.opening import open_model
    from particleforge.recipes.recipe import Drawn
    from particleforge.recipes.shapes.recipe import Shapes

    recipe = Shapes.parse(RECIPE | {"height_px": side, "width_px": side, "coverage": 0.4, "most": 320})
    (sample,) = Drawn(recipe, None, 1, 1)
    seconds = {}
    for name, options in (("base", {"scale": 1.0}), ("rods", {"scale": 1.0, "rods_only": True})):
        detector = open_model(name, "detector")
        seconds[name] = measured(lambda d=detector, o=options: d.detect(sample.micrograph, **o).labels, side)
    drawn_rods = len(np.unique(sample.labels)) - 1
    print(f"{side} px, {drawn_rods} rods: base {seconds['base']:.2f} CPU s, rods {seconds['rods']:.2f}", end="")
    print(f", ratio {seconds['rods'] / seconds['base']:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024, 4096], metavar="PX")
    parser.add_argument("--official", nargs="?", const=True, metavar="FOLDER", help="run the official package, too")
    parser.add_argument("--rods", action="store_true", help="compare detectors of rods and of all shapes instead")
    args = parser.parse_args()
    if isinstance(args.official, str):
        official(Path(args.official))
        return
    import torch

    from particleforge.models.stardist.kind import BASE

    torch.set_num_threads(1)
    if args.rods:
        for side in args.sides:
            rods(side)
        return
    found = {side: ours(side) for side in args.sides}
    if args.official:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            request = {"base": str(BASE), "sides": args.sides}
            (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
            run_official(folder, Path(__file__))
            theirs = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
        for side in args.sides:
            found[side]["official, one scale"] = theirs[str(side)]
    print("| side, px | what | CPU s | of the floor |\n|---|---|---|---|")
    for side, seconds in found.items():
        for what, each in seconds.items():
            print(f"| {side} | {what} | {each:.2f} | {each / seconds['floor']:.2f} |")


if __name__ == "__main__":
    main()
