"""Our StarDist next to the official package: same maps, same instances, model folders both ways, speed.

``uv run python benchmarks/stardist_official.py [--images FOLDER] [--write-tiny FOLDER]``. The official package runs
under TensorFlow in an environment of its own, made by uv. It makes models (random weights on several shapes of
network, and briefly trained ones), and loads models with random weights that we made and saved; each is run on drawn
images (odd sizes, objects at the border) and on up to ``--count`` grey images of a folder, cut to 400 px. Then we run
the same folders and compare. Where labels differ, two objects' probabilities agree to 1e-6 and change places in
the order of suppression: from the official maps our labels must always be the official ones; others counts objects
only one of both found. ``--write-tiny`` writes the small case the tests use.

Speeds: both on one thread, per CPU second, so that other load on the machine matters little; imports and the first,
compiling call are left out and the best of some repetitions counts. A training step is forward, loss, backward and
optimiser on a batch that is there already; the official one includes its metrics, as in ``train``.
"""

import argparse
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

PEER_PACKAGES = ("tensorflow-cpu==2.21.*", "tf-keras==2.21.*", "stardist==0.9.2")
LIMIT = 1e-4
"""Largest difference of the maps: prob as it is, dist relative to its largest value or to 1 px."""
SMALL_NET = {"unet_n_filter_base": 8, "net_conv_after_unet": 16}
TINY_NET = {"unet_n_filter_base": 3, "net_conv_after_unet": 8, "unet_n_depth": 2, "n_rays": 8}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {"grid": (2, 2)},
    "grid 1": {"grid": (1, 1), **SMALL_NET},
    "grid 1, 64 rays, norm": {"n_rays": 64, "grid": (1, 1), "unet_batch_norm": True, **SMALL_NET},
    "grid 2, 64 rays": {"n_rays": 64, "grid": (2, 2), **SMALL_NET},
    "grid 4": {"grid": (4, 4), **SMALL_NET},
    "grid 4, 64 rays, norm": {"n_rays": 64, "grid": (4, 4), "unet_batch_norm": True, **SMALL_NET},
    "grid 2 x 4, no features": {"grid": (2, 4), "unet_n_filter_base": 8, "net_conv_after_unet": 0},
    "trained": {"grid": (2, 2), **SMALL_NET},
    "trained, norm": {"grid": (2, 2), "unet_batch_norm": True, **SMALL_NET},
    "tiny": {"grid": (2, 2), "unet_batch_norm": True, **TINY_NET},
}
TRAINED = {"trained": 300, "trained, norm": 400, "tiny": 600}
"""Variant -> optimiser steps."""
OURS: dict[str, dict[str, Any]] = {
    "default": {},
    "small, norm": {"unet_n_filter_base": 16, "net_conv_after_unet": 64, "unet_batch_norm": True},
    "grid 4, 64 rays, norm": {"n_rays": 64, "grid": (4, 4), "unet_batch_norm": True, **SMALL_NET},
    "grid 1, no features": {"grid": (1, 1), "unet_n_filter_base": 8, "net_conv_after_unet": 0},
}
"""Networks with random weights that we make and save; the speed is measured of those in `TIMED`."""
TIMED = ("default", "small, norm")
SHAPES = ((45, 49), (200, 231), (96, 110), (129, 320))
SIDE_PX = 400
SPEED_SIDE_PX, SPEED_BATCH, SPEED_PATCH_PX = 1024, 4, 192


def drawn(shape: tuple[int, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey image and labels of overlapping ellipses, some of them cut by the border."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    labels, image = np.zeros(shape, np.int32), 60 + 30 * x / shape[1]
    for n in range(max(12, shape[0] * shape[1] // 900)):
        (cy, cx), radius, aspect = rng.uniform((0, 0), shape), rng.uniform(6, 13), rng.uniform(0.8, 1.25)
        inside = ((y - cy) / aspect) ** 2 + ((x - cx) * aspect) ** 2 < radius**2
        labels[inside] = n + 1
        image = np.where(inside, rng.uniform(120, 200), image)
    return np.clip(image + rng.normal(0, 8, shape), 0, 255).astype(np.uint8), labels


def batch(pairs: list[tuple[np.ndarray, np.ndarray]], config: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """Images and official targets (prob; dist with prob as mask), channels last."""
    from csbdeep.utils import normalize
    from stardist.geometry import star_dist
    from stardist.utils import edt_prob

    y, x = config.grid
    prob = np.stack([edt_prob(labels)[::y, ::x] for _, labels in pairs])[..., None]
    dist = np.stack([star_dist(labels.astype(np.uint16), config.n_rays, grid=(y, x)) for _, labels in pairs])
    images = np.stack([normalize(image, 1, 99.8) for image, _ in pairs])[..., None]
    return images, [prob.astype(np.float32), np.concatenate([dist, prob], -1).astype(np.float32)]


def cpu_s(action: Callable[[], Any], times: int) -> float:
    """Least CPU seconds of some calls, after one that does not count."""
    action()
    seconds = []
    for _ in range(times):
        start = time.process_time()
        action()
        seconds.append(time.process_time() - start)
    return min(seconds)


# ---- the official package, in its own environment ----


def official(folder: Path) -> None:
    """Make models, load those we wrote, run and time them; this is what the child process does."""
    import tensorflow as tf
    from stardist.models import StarDist2D

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    images = np.load(folder / "images.npz")
    for number, (name, config) in enumerate(VARIANTS.items()):
        official_predict(official_model(folder / "official", name, config, seed=number), images)
    speeds = {}
    for name in OURS:
        model = StarDist2D(None, name=name, basedir=str(folder / "ours"))
        official_predict(model, images)
        if name in TIMED:
            speeds[name] = official_speed(model)
    (folder / "speed.json").write_text(json.dumps(speeds), encoding="utf-8")


def official_model(folder: Path, name: str, config: dict[str, Any], seed: int) -> Any:
    """Model with random weights everywhere (biases and statistics too), or one trained for some steps."""
    import tensorflow as tf
    from csbdeep.utils import normalize
    from stardist.models import Config2D, StarDist2D

    tf.keras.utils.set_random_seed(seed)
    model = StarDist2D(Config2D(**config, train_learning_rate=3e-3), name=name, basedir=str(folder))
    prob_thresh, rng = 0.4, np.random.default_rng(seed)
    if name in TRAINED:
        model.prepare_for_training()
        images, goals = batch([drawn((96, 96), 100 + i) for i in range(24)], model.config)
        for _ in range(TRAINED[name]):
            part = rng.choice(len(images), 4, replace=False)
            model.keras_model.train_on_batch(images[part], [goal[part] for goal in goals])
    else:
        for layer in model.keras_model.layers:
            values = [w + 0.1 * np.abs(rng.normal(size=w.shape)) * (w.ndim == 1) for w in layer.get_weights()]
            layer.set_weights([values[0], values[1] + 6] if layer.name == "dist" else values)
        prob, _ = model.predict(normalize(drawn(SHAPES[1], 1)[0], 1, 99.8))
        prob_thresh = float(np.round(np.quantile(prob, 0.95), 6))
    model.keras_model.save_weights(str(folder / name / "weights_best.h5"))
    model.thresholds = {"prob": prob_thresh, "nms": 0.3}
    (folder / name / "thresholds.json").write_text(json.dumps({"prob": prob_thresh, "nms": 0.3}), encoding="utf-8")
    return model


def official_predict(model: Any, images: Any) -> None:
    """Store the maps of the padded images and the instances next to the model."""
    from csbdeep.utils import normalize

    out: dict[str, np.ndarray] = {}
    for name in images.files:
        grey = normalize(images[name], 1, 99.8)
        pad = [(0, -n % d) for n, d in zip(grey.shape, model._axes_div_by("YX"), strict=True)]
        prob, dist = model.keras_model.predict(np.pad(grey, pad, mode="reflect")[None, ..., None], verbose=0)
        out[f"{name}/prob"], out[f"{name}/dist"] = prob[0, ..., 0], dist[0]
        labels, found = model.predict_instances(grey)
        out[f"{name}/labels"], out[f"{name}/points"], out[f"{name}/scores"] = labels, found["points"], found["prob"]
    np.savez(model.logdir / "maps.npz", **out)


def official_speed(model: Any) -> dict[str, float]:
    """Megapixels and training steps per CPU second."""
    image = np.random.default_rng(0).random((SPEED_SIDE_PX, SPEED_SIDE_PX), np.float32)
    predict_s = cpu_s(lambda: model.predict(image), 3)
    model.prepare_for_training()
    images, goals = batch([drawn((SPEED_PATCH_PX,) * 2, i) for i in range(SPEED_BATCH)], model.config)
    step_s = cpu_s(lambda: model.keras_model.train_on_batch(images, goals), 8)
    return {"maps, MP": image.size / 1e6 / predict_s, "training steps": 1 / step_s}


# ---- ours ----


def run_official(folder: Path, file: Path = Path(__file__)) -> None:
    """Run a benchmark in an environment with TensorFlow."""
    packages = [word for package in PEER_PACKAGES for word in ("--with", package)]
    command = ["uv", "run", "-q", "--no-project", "--isolated", "--python", "3.11", *packages, "python", file]
    settings = {"TF_USE_LEGACY_KERAS": "1", "CUDA_VISIBLE_DEVICES": "-1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, "--official", folder], env=os.environ | settings, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"The official package failed:\n{done.stderr[-3000:]}")


def make_ours(folder: Path, sample: np.ndarray) -> None:
    """Models with random weights (biases and statistics too), saved as ours."""
    import torch

    from particleforge.models.normalize import normalize
    from particleforge.models.stardist.config import StarDistConfig
    from particleforge.models.stardist.model import StarDistModel
    from particleforge.models.stardist.network import StarDistNet
    from particleforge.models.stardist.predict import network_maps

    torch.manual_seed(0)
    for name, config in OURS.items():
        net = StarDistNet(StarDistConfig(**config))
        for tensor in net.state_dict().values():
            if tensor.is_floating_point() and tensor.ndim == 1:
                tensor.add_(0.1 * torch.randn_like(tensor).abs())
        torch.nn.init.constant_(net.dist.conv.bias, 6)
        prob, _ = network_maps(net, normalize(sample.astype(np.float32)))
        StarDistModel(net, float(np.round(np.quantile(prob, 0.95), 6)), 0.3).save(folder / name)


def compare(folder: Path, images: Any) -> dict[str, Any]:
    """Run a model folder; differences to what the official package found, and how many label images are equal."""
    from particleforge.micrograph import Micrograph
    from particleforge.models.normalize import normalize
    from particleforge.models.stardist.instances import Thresholds, instances
    from particleforge.models.stardist.model import StarDistModel
    from particleforge.models.stardist.predict import network_maps

    model, stored = StarDistModel.load(folder), np.load(folder / "maps.npz")
    row: dict[str, Any] = {
        "prob": 0.0,
        "dist": 0.0,
        "largest": 0.0,
        "equal": 0,
        "images": 0,
        "objects": 0,
        "rest": 0,
        "other": 0,
    }
    for name in images.files:
        prob, dist = network_maps(model.net, normalize(images[name].astype(np.float32)))
        found = model.predict(Micrograph(images[name]))
        true = {part: stored[f"{name}/{part}"] for part in ("prob", "dist", "labels", "points", "scores")}
        row["prob"] = max(row["prob"], float(np.abs(prob - true["prob"]).max()))
        row["dist"] = max(row["dist"], float(np.abs(dist - true["dist"]).max()))
        row["largest"] = max(row["largest"], float(np.abs(true["dist"]).max()))
        row["images"] += 1
        row["objects"] += len(true["scores"])
        row["equal"] += np.array_equal(found.labels, true["labels"])
        row["other"] += len(set(map(tuple, found.points)) ^ set(map(tuple, true["points"])))
        again = instances(
            true["prob"],
            true["dist"],
            config=model.net.config,
            thresholds=Thresholds(model.prob_thresh, model.nms_thresh),
            shape=images[name].shape,
        )
        row["rest"] += np.array_equal(again.labels, true["labels"])
    return row


def our_speed(folder: Path) -> dict[str, float]:
    """Megapixels and training steps per CPU second, on the same image and batch."""
    import torch

    from particleforge.models.stardist.loss import stardist_loss
    from particleforge.models.stardist.model import StarDistModel
    from particleforge.models.stardist.predict import network_maps

    net = StarDistModel.load(folder).net.to(memory_format=torch.channels_last)
    image = np.random.default_rng(0).random((SPEED_SIDE_PX, SPEED_SIDE_PX), np.float32)
    predict_s = cpu_s(lambda: network_maps(net, image), 3)
    images, goals = batch([drawn((SPEED_PATCH_PX,) * 2, i) for i in range(SPEED_BATCH)], net.config)
    grey, prob, dist = (torch.from_numpy(array).permute(0, 3, 1, 2) for array in (images, *goals))
    dist, weight = dist[:, :-1].contiguous(), torch.ones_like(prob)
    optimizer = torch.optim.Adam(net.train().parameters(), 1e-3)

    def step() -> None:
        loss = stardist_loss(*net(grey), prob, dist, weight).total
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        loss.item()

    return {"maps, MP": image.size / 1e6 / predict_s, "training steps": 1 / cpu_s(step, 8)}


def write_tiny(folder: Path, images: Any, out: Path) -> None:
    """Keep the tiny official model with its results on the smallest image for the tests."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "thresholds.json", "weights_best.h5"):
        (out / name).write_bytes((folder / "official/tiny" / name).read_bytes())
    stored = np.load(folder / "official/tiny/maps.npz")
    parts = {part: stored[f"drawn 0/{part}"] for part in ("prob", "dist", "labels")}
    np.savez_compressed(out / "case.npz", image=images["drawn 0"], **parts)
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"\n{out}: {parts['labels'].max()} objects, {size / 1000:.0f} kB")


def load_images(folder: Path | None, count: int) -> dict[str, np.ndarray]:
    """Drawn images and some of a folder, cut to a side that keeps this quick."""
    from particleforge.store.image_files import image_paths
    from particleforge.store.micrographs import read_micrograph

    images = {f"drawn {i}": drawn(shape, i)[0] for i, shape in enumerate(SHAPES)}
    paths = image_paths(folder) if folder else []
    for path in paths[:: max(1, len(paths) // count)][:count]:
        images[path.stem] = read_micrograph(path).grey[:SIDE_PX, : SIDE_PX + 13]
    return images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="folder of grey images to compare on too")
    parser.add_argument("--count", type=int, default=12, help="how many of them at most")
    parser.add_argument("--write-tiny", type=Path, metavar="FOLDER", help="where to write the case the tests use")
    parser.add_argument("--official", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.official:
        official(args.official)
        return
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "images.npz", **load_images(args.images, args.count))
        images = np.load(folder / "images.npz")
        make_ours(folder / "ours", images["drawn 1"])
        run_official(folder)
        worst = print_differences(folder, images)
        print_speeds(folder)
        if args.write_tiny:
            write_tiny(folder, images, args.write_tiny)
    sys.exit(f"Maps differ by {worst:.1e}, more than {LIMIT:.0e}." if worst > LIMIT else None)


def print_differences(folder: Path, images: Any) -> float:
    """Print one line per model; return the largest difference."""
    head = ["made by", "network", "max diff prob", "max diff dist / px", "max dist / px"]
    head += ["same labels", "same from official maps", "objects"]
    print("| " + " | ".join([*head, "others"]) + " |\n" + "|---" * (len(head) + 1) + "|")
    worst = 0.0
    for maker, name in [("official", name) for name in VARIANTS] + [("ours", name) for name in OURS]:
        row = compare(folder / maker / name, images)
        worst = max(worst, row["prob"], row["dist"] / max(1.0, row["largest"]))
        cells = [maker, name, f"{row['prob']:.1e}", f"{row['dist']:.1e}", f"{row['largest']:.1f}"]
        cells += [f"{row[part]} of {row['images']}" for part in ("equal", "rest")]
        cells += [str(row["objects"]), str(row["other"])]
        print("| " + " | ".join(cells) + " |")
        if row["rest"] < row["images"]:
            sys.exit(f"{name}: from the official maps come other labels than the official ones.")
    return worst


def print_speeds(folder: Path) -> None:
    theirs = json.loads((folder / "speed.json").read_text(encoding="utf-8"))
    print("\n| one thread, per CPU second | official | ours | ratio |\n|---|---|---|---|")
    for name in TIMED:
        ours = our_speed(folder / "ours" / name)
        for what, value in theirs[name].items():
            print(f"| {what}: {name} | {value:.3f} | {ours[what]:.3f} | {ours[what] / value:.2f} |")


if __name__ == "__main__":
    main()
