"""Our StarDist beside the official package: same maps, same instances, model folders both ways, speed.

``uv run python benchmarks/stardist_official.py [--images FOLDER] [--store]``. The official package runs under
TensorFlow in an environment of its own, made by uv. It makes models (random weights on several shapes of network, and
briefly trained ones), we load its folders and compare; then it loads the folders we wrote and must predict the same
again. ``--images`` adds grey images (PNG or TIFF) to the drawn ones; ``--store`` renews the small case the tests use.
Both run one after the other on the same machine; imports and the first, compiling call are left out of the times.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PEER_PACKAGES = ("tensorflow>=2.16", "stardist>=0.9.2", "imageio")
LIMIT = 1e-4
"""Largest difference of the maps: prob as it is, dist relative to its largest value or to 1."""
SMALL_NET = {"unet_n_filter_base": 8, "net_conv_after_unet": 16}
TINY_NET = {"unet_n_filter_base": 4, "net_conv_after_unet": 8, "unet_n_depth": 2, "n_rays": 16}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {"n_rays": 32, "grid": (2, 2)},
    "grid 1": {"n_rays": 32, "grid": (1, 1), **SMALL_NET},
    "grid 1, 64 rays, norm": {"n_rays": 64, "grid": (1, 1), "unet_batch_norm": True, **SMALL_NET},
    "grid 2, 64 rays": {"n_rays": 64, "grid": (2, 2), **SMALL_NET},
    "grid 2, norm": {"n_rays": 32, "grid": (2, 2), "unet_batch_norm": True, **SMALL_NET},
    "grid 2 x 4, no features": {"n_rays": 32, "grid": (2, 4), "unet_n_filter_base": 8, "net_conv_after_unet": 0},
    "trained": {"n_rays": 32, "grid": (2, 2), **SMALL_NET},
    "trained, norm": {"n_rays": 32, "grid": (2, 2), "unet_batch_norm": True, **SMALL_NET},
    "tiny": {"grid": (2, 2), "unet_batch_norm": True, **TINY_NET},
}
TRAINED = {"trained": 150, "trained, norm": 150, "tiny": 400}
"""Variant -> optimiser steps."""
SHAPES = ((200, 231), (96, 110), (129, 320))
SPEED_SIDE_PX, SPEED_STEPS, SPEED_BATCH, SPEED_PATCH_PX = 1024, 20, 2, 192
STORED = Path(__file__).parent.parent / "tests/models/stardist/data/official_tiny"


def drawn(shape: tuple[int, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey image and labels of overlapping ellipses, some of them cut by the border."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    labels, image = np.zeros(shape, np.int32), 60 + 30 * x / shape[1]
    for n in range(shape[0] * shape[1] // 900):
        cy, cx, radius, aspect = (
            rng.uniform(0, shape[0]),
            rng.uniform(0, shape[1]),
            rng.uniform(6, 13),
            rng.uniform(0.8, 1.25),
        )
        inside = ((y - cy) / aspect) ** 2 + ((x - cx) * aspect) ** 2 < radius**2
        labels[inside] = n + 1
        image = np.where(inside, rng.uniform(120, 200), image)
    return np.clip(image + rng.normal(0, 8, shape), 0, 255).astype(np.uint8), labels


# ---- the official package, in its own environment ----


def official(folder: Path, action: str) -> None:
    """Make models, or load those we wrote; this is what the child process does."""
    import warnings

    warnings.filterwarnings("ignore")
    images = np.load(folder / "images.npz")
    if action == "make":
        for number, (name, config) in enumerate(VARIANTS.items()):
            model = official_model(folder / "official", name, config, seed=number)
            official_predict(model, images, folder / f"official/{name}/maps.npz")
        (folder / "speed.json").write_text(json.dumps(official_speed(folder)), encoding="utf-8")
    else:
        from stardist.models import StarDist2D

        for name in VARIANTS:
            model = StarDist2D(None, name=name, basedir=str(folder / "ours"))
            official_predict(model, images, folder / f"ours/{name}/maps.npz")


def official_model(folder: Path, name: str, config: dict[str, Any], seed: int) -> Any:
    """Model with random weights everywhere (biases and statistics too), or one trained for some steps."""
    import tensorflow as tf
    from csbdeep.utils import normalize
    from stardist.models import Config2D, StarDist2D

    tf.keras.utils.set_random_seed(seed)
    size = {"train_patch_size": (128, 128), "train_batch_size": 2, "train_tensorboard": False}
    model = StarDist2D(Config2D(**config, **size, train_learning_rate=2e-3), name=name, basedir=str(folder))
    thresholds = {"prob": 0.4, "nms": 0.3}
    if name in TRAINED:
        pairs = [drawn((160, 160), 100 + i) for i in range(8)]
        grey, labels = [normalize(image, 1, 99.8) for image, _ in pairs], [label for _, label in pairs]
        model.train(grey, labels, validation_data=(grey[:1], labels[:1]), epochs=2, steps_per_epoch=TRAINED[name] // 2)
    else:
        rng = np.random.default_rng(seed)
        for layer in model.keras_model.layers:
            layer.set_weights([w + np.abs(rng.normal(0, 0.05, w.shape)) for w in layer.get_weights()])
        sample = normalize(drawn(SHAPES[0], 0)[0], 1, 99.8)
        thresholds["prob"] = float(np.round(np.quantile(model.predict(sample)[0], 0.95), 6))
    model.keras_model.save_weights(str(folder / name / "weights_best.h5"))
    (folder / name / "thresholds.json").write_text(json.dumps(thresholds), encoding="utf-8")
    model.thresholds = thresholds
    return model


def official_predict(model: Any, images: Any, path: Path) -> None:
    """Store the maps of the padded images, the instances and the time."""
    from csbdeep.utils import normalize

    out: dict[str, np.ndarray] = {}
    for name in images.files:
        grey = normalize(images[name], 1, 99.8)
        pad = [(0, -n % d) for n, d in zip(grey.shape, model._axes_div_by("YX"), strict=True)]
        prob, dist = model.keras_model.predict(np.pad(grey, pad, mode="reflect")[None, ..., None], verbose=0)
        out[f"{name}/prob"], out[f"{name}/dist"] = prob[0, ..., 0], np.moveaxis(dist[0], -1, 0)
        labels, found = model.predict_instances(grey)
        out[f"{name}/labels"], out[f"{name}/points"], out[f"{name}/scores"] = labels, found["points"], found["prob"]
    np.savez_compressed(path, **out)


def official_speed(folder: Path) -> dict[str, float]:
    """Megapixels per second of the network, and optimiser steps per second with the package's own data."""
    from stardist.models import Config2D, StarDist2D

    size = {"train_patch_size": (SPEED_PATCH_PX,) * 2, "train_batch_size": SPEED_BATCH, "train_tensorboard": False}
    model = StarDist2D(Config2D(n_rays=32, grid=(2, 2), **size), name="speed", basedir=str(folder / "speed"))
    image = np.random.default_rng(0).random((1, SPEED_SIDE_PX, SPEED_SIDE_PX, 1), np.float32)
    seconds = best_s(lambda: model.keras_model.predict(image, verbose=0))
    images, labels = zip(*(drawn((256, 256), i) for i in range(4)), strict=True)
    grey = [image.astype(np.float32) / 255 for image in images]

    def train(steps: int) -> float:
        start = time.perf_counter()
        model.train(grey, list(labels), validation_data=(grey[:1], labels[:1]), epochs=1, steps_per_epoch=steps)
        return time.perf_counter() - start

    train(3)
    short, long = train(3), train(3 + SPEED_STEPS)
    return {"predict MP/s": SPEED_SIDE_PX**2 / 1e6 / seconds, "train steps/s": SPEED_STEPS / (long - short)}


def best_s(action: Callable[[], Any], times: int = 3) -> float:
    """Seconds of the quickest of some calls, after one that does not count."""
    action()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


# ---- ours ----


def run_official(folder: Path, action: str) -> None:
    """Run this file in an environment with TensorFlow."""
    packages = [word for package in PEER_PACKAGES for word in ("--with", package)]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["uv", "run", "--no-project", "--isolated", "--python", python, *packages, "python", __file__]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([*command, "--official", action, "--work", folder], env=quiet, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"The official package failed:\n{done.stderr[-3000:]}")


def compare(folder: Path, images: Any, theirs: Path) -> dict[str, Any]:
    """Run a model folder and tell its largest differences from stored results, and how many label images are equal."""
    from particleforge.micrograph import Micrograph
    from particleforge.models.stardist.model import StarDistModel
    from particleforge.models.stardist.normalize import normalize
    from particleforge.models.stardist.predict import network_maps

    model, stored = StarDistModel.load(folder), np.load(theirs)
    row: dict[str, Any] = dict.fromkeys(
        ("prob", "dist", "relative dist", "largest dist", "equal", "images", "objects", "pixels"), 0
    )
    for name in images.files:
        prob, dist = network_maps(model.net, normalize(images[name].astype(np.float32)))
        found = model.predict(Micrograph(images[name]))
        true_dist, true_labels = stored[f"{name}/dist"], stored[f"{name}/labels"]
        row["prob"] = max(row["prob"], float(np.abs(prob - stored[f"{name}/prob"]).max()))
        off, largest = float(np.abs(dist - true_dist).max()), float(np.abs(true_dist).max())
        row["dist"], row["largest dist"] = max(row["dist"], off), max(row["largest dist"], largest)
        row["relative dist"] = max(row["relative dist"], off / max(1.0, largest))
        row["images"] += 1
        row["objects"] += len(stored[f"{name}/scores"])
        row["equal"] += np.array_equal(found.labels, true_labels) and np.array_equal(
            found.points, stored[f"{name}/points"]
        )
        row["pixels"] += int(((found.labels > 0) != (true_labels > 0)).sum())
    return row


def our_speed(folder: Path) -> dict[str, float]:
    """Measure the same for the same network and batches as `official_speed`; data preparation included."""
    import torch

    from particleforge.micrograph import Micrograph
    from particleforge.models.patches import Source
    from particleforge.models.stardist.config import OFFICIAL
    from particleforge.models.stardist.network import StarDistNet
    from particleforge.models.stardist.predict import network_maps
    from particleforge.models.stardist.train import train_network
    from particleforge.models.stardist.train_params import TrainParams

    torch.manual_seed(0)
    image = np.random.default_rng(0).random((SPEED_SIDE_PX, SPEED_SIDE_PX), np.float32)
    net = StarDistNet(OFFICIAL)
    seconds = best_s(lambda: network_maps(net, image))
    sources = []
    for number in range(4):
        grey, labels = drawn((256, 256), number)
        sources.append(Source(Micrograph(grey).grey / 255, labels.astype(np.uint32), None))
    warm, steps = 3, 3 + SPEED_STEPS
    params = TrainParams(
        network=OFFICIAL, minutes=None, steps=steps, patch_px=SPEED_PATCH_PX, batch_size=SPEED_BATCH, validations=1
    )
    out = Path(tempfile.mkdtemp(dir=folder))
    training, ticks = train_network(sources, [], [], out, params), []
    for _ in training:
        ticks.append(time.perf_counter())
    return {
        "predict MP/s": SPEED_SIDE_PX**2 / 1e6 / seconds,
        "train steps/s": (steps - 1 - warm) / (ticks[steps - 2] - ticks[warm - 1]),
    }


def store(folder: Path) -> None:
    """Keep the tiny official model with its results for the tests."""
    STORED.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "thresholds.json", "weights_best.h5"):
        shutil.copyfile(folder / "official/tiny" / name, STORED / name)
    stored = np.load(folder / "official/tiny/maps.npz")
    parts = {part: stored[f"drawn 1/{part}"] for part in ("prob", "dist", "labels", "points", "scores")}
    np.savez_compressed(STORED / "result.npz", image=np.load(folder / "images.npz")["drawn 1"], **parts)


def load_images(folder: Path | None, count: int, side_px: int = 400) -> dict[str, np.ndarray]:
    """Drawn images and the first ones of a folder, cut to a side that keeps this quick."""
    images = {f"drawn {i}": drawn(shape, i)[0] for i, shape in enumerate(SHAPES)}
    if folder is not None:
        import skimage.io

        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".tif", ".tiff"})
        for path in paths[:: max(1, len(paths) // count)][:count]:
            grey = skimage.io.imread(path)
            images[path.stem] = (grey if grey.ndim == 2 else grey[..., 0])[:side_px, : side_px + 13]
    return images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="folder of grey images to compare on too")
    parser.add_argument("--count", type=int, default=8, help="how many of them")
    parser.add_argument("--store", action="store_true", help="renew the case the tests use")
    parser.add_argument("--official", choices=("make", "back"), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help="folder to keep; official results that lie there are used again")
    args = parser.parse_args()
    if args.official:
        official(args.work, args.official)
        return
    with tempfile.TemporaryDirectory() as name:
        failed = table(args.work or Path(name), args)
    sys.exit(failed)


def table(folder: Path, args: argparse.Namespace) -> str | None:
    """Run everything, print it, and return what went wrong."""
    from particleforge.models.stardist.model import StarDistModel

    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "images.npz", **load_images(args.images, args.count))
    images = np.load(folder / "images.npz")
    if not (folder / "speed.json").exists():
        run_official(folder, "make")
    for name in VARIANTS:
        (folder / "ours" / name).mkdir(parents=True, exist_ok=True)
        StarDistModel.load(folder / "official" / name).save(folder / "ours" / name)
    run_official(folder, "back")
    head = ["network", "max diff prob", "max diff dist / px", "max dist / px", "same instances", "px differ", "objects"]
    head += ["ours -> official: prob", "dist / px", "same instances"]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    worst = 0.0
    for name in VARIANTS:
        there = compare(folder / "official" / name, images, folder / f"official/{name}/maps.npz")
        back = compare(folder / "ours" / name, images, folder / f"ours/{name}/maps.npz")
        worst = max(worst, *(row[part] for row in (there, back) for part in ("prob", "relative dist")))
        cells = [name, f"{there['prob']:.1e}", f"{there['dist']:.1e}", f"{there['largest dist']:.1f}"]
        cells += [f"{there['equal']} of {there['images']}", str(there["pixels"]), str(there["objects"])]
        cells += [f"{back['prob']:.1e}", f"{back['dist']:.1e}", f"{back['equal']} of {back['images']}"]
        print("| " + " | ".join(cells) + " |")
    theirs, mine = json.loads((folder / "speed.json").read_text(encoding="utf-8")), our_speed(folder)
    print("\n| default network | official | ours | ratio |\n|---|---|---|---|")
    for what, value in theirs.items():
        print(f"| {what} | {value:.2f} | {mine[what]:.2f} | {mine[what] / value:.2f} |")
    if args.store:
        store(folder)
    return f"Maps differ by {worst:.1e}, more than {LIMIT:.0e}." if worst > LIMIT else None


if __name__ == "__main__":
    main()
