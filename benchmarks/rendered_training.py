"""Detectors that learnt from rendered scenes alone, on real electron micrographs.

``uv run python benchmarks/rendered_training.py EMPS --out FOLDER`` where EMPS holds ``images/*.png``, ``labels/*.png``
and ``images.csv`` with the columns ``name`` and ``set`` (EMPS, Yildirim and Cole 2021, MIT). What is done stays in
FOLDER and is not done again, so a run that was interrupted goes on. Set ``OMP_NUM_THREADS=1`` where others compute.

Scenes of the ready recipes are drawn twice: once as an electron microscope would show them (secondary electrons or
transmission), once as flat silhouettes (``categorical``) with the same noise and blur. Scenes, seeds, number of images
and of training steps are the same; only the look differs. Half of the silhouettes' patches are shown with dark and
bright exchanged, since silhouettes tell nothing of which is which. Pixel sizes are chosen such that particles measure
17 to 28 px in the median, as the network wants them; magnifications of the micrographs are not given, the detectors
look for the scale.

All goes through the commands ``synthesize``, ``train`` and ``measure``. The floor is Otsu's threshold with a watershed
of the distance transform; it is told whether particles are dark or bright.
"""

import argparse
import csv
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.filters import gaussian, threshold_otsu
from skimage.segmentation import watershed

from particleforge.quality.matching import Score, score
from particleforge.recipes.any import read_recipe
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph

MEDIAN_PX = (17, 28)
AS_TEM: dict[str, Any] = {"look": "tem_200kv", "ground": {"present": False}}
SMALLER: dict[str, Any] = {
    "particles": "uniform(15, 30)",
    "placement": {"kind": "agglomerate", "size": "uniform(3, 7)", "free_path": 2, "sintering": "uniform(0.1, 0.25)"},
}
"""Aggregates that fit into the image at this magnification."""
SCENES: dict[str, tuple[str, float, int, dict[str, Any]]] = {
    "sem_silica": ("silica_spheres", 110, 30, {}),
    "sem_latex": ("latex_layer", 200, 15, {}),
    "sem_microspheres": ("rough_microspheres", 650, 15, {"particles": "uniform(10, 60)"}),
    "sem_titania": ("titania_powder", 140, 15, {}),
    "tem_gold": ("gold_colloid", 13, 30, {}),
    "tem_carbon_black": ("carbon_black", 24, 15, SMALLER),
    "tem_silica": ("silica_spheres", 110, 15, AS_TEM),
    "tem_latex": ("latex_layer", 200, 15, AS_TEM),
}
"""Ready recipe, median diameter in nm, images, and what is changed."""
LOOKS: dict[str, dict[str, Any]] = {"rendered": {}, "categorical": {"look": {"kind": "categorical"}}}
AUGMENT = {"rendered": "{}", "categorical": "{inverted: 0.5}"}
DETECTORS = ("rendered from scratch", "categorical from scratch")
LEAST_PX = 5
"""Smallest radius of the floor's particles."""
Labels = np.ndarray


def command(*words: object) -> None:
    """Run one of our commands."""
    subprocess.run([sys.executable, "-m", "particleforge.cli", *map(str, words)], check=True)


def draw(out: Path, look: str) -> list[Path]:
    """Datasets of all scenes with a look."""
    datasets = []
    for seed, (name, (preset, median_nm, count, changes)) in enumerate(SCENES.items()):
        sizes = f"loguniform({median_nm / MEDIAN_PX[1]:g}, {median_nm / MEDIAN_PX[0]:g})"
        recipe = read_recipe(preset).model_dump(mode="json") | {"pixel_size_nm": sizes} | changes | LOOKS[look]
        file = out / "recipes" / look / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
        datasets.append(out / "datasets" / look / f"{name}.zarr")
        command("synthesize", file, "--out", datasets[-1], "--count", count, "--seed", seed)
    return datasets


def learnt(out: Path, look: str, start: str, steps: int) -> Path:
    """Folder of a detector trained on a look."""
    model = out / "models" / f"{look} from {start}"
    if not (model / "thresholds.json").exists() or (model / "checkpoint.pt").exists():
        budget = ["--minutes", "null", "--steps", steps, "--no-normalize-scale", "--augment", AUGMENT[look]]
        command("train", *draw(out, look), "--out", model, "--start", start, *budget)
    return model


def chosen(folder: Path, sets: list[str], every: int) -> dict[str, list[str]]:
    """Names of the micrographs of each set, every n-th of them by name."""
    with (folder / "images.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {one: sorted(row["name"] for row in rows if row["set"] == one)[::every] for one in sets}


def found(out: Path, folder: Path, names: dict[str, list[str]], model: object) -> Callable[[str, str], Labels]:
    """Measure the micrographs with a detector; how to read what it found."""
    images = out / "micrographs"
    images.mkdir(parents=True, exist_ok=True)
    for name in (name for some in names.values() for name in some):
        shutil.copy(folder / "images" / f"{name}.png", images)
    results = out / "results" / Path(str(model)).name
    command("measure", model, images, "--out", results, "--no-reports")
    return lambda _, name: read_labels(results / "labels" / f"{name}.tif")


def otsu(folder: Path) -> Callable[[str, str], Labels]:
    """Return the floor."""

    def find(one: str, name: str) -> Labels:
        grey = gaussian(read_micrograph(folder / "images" / f"{name}.png").grey.astype(float), 1)
        inside = (grey > threshold_otsu(grey)) ^ one.startswith("dark")
        inside = ndimage.binary_fill_holes(ndimage.binary_opening(inside, iterations=2))
        away = gaussian(ndimage.distance_transform_edt(inside), 1)
        peaks = peak_local_max(away, min_distance=LEAST_PX, threshold_abs=LEAST_PX / 2, labels=inside.astype(int))
        seeds = np.zeros(grey.shape, np.int32)
        seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        return watershed(-away, seeds, mask=inside)

    return find


def geometric_mean(labels: Labels) -> float:
    """Geometric mean of the equal-area diameters."""
    areas = np.bincount(labels.ravel().astype(np.int64))[1:]
    return float(np.exp(np.log(areas[areas > 0]).mean() / 2)) if areas.any() else float("nan")


def row(folder: Path, names: dict[str, list[str]], one: str, find: Callable[[str, str], Labels]) -> list[str]:
    """Figures of a set; sizes and counts are medians of absolute errors."""
    scores, sizes, counts = [], [], []
    for name in names[one]:
        true, labels = read_labels(folder / "labels" / f"{name}.png"), find(one, name)
        scores.append(score(true, labels))
        sizes.append(geometric_mean(labels) / geometric_mean(true) - 1)
        counts.append((scores[-1].false - scores[-1].missed) / max(scores[-1].hits + scores[-1].missed, 1))
    pooled, mean = sum(scores, Score()).f1, np.mean([each.f1 for each in scores])
    errors = [f"{100 * np.nanmedian(np.abs(values)):.1f} %" for values in (sizes, counts)]
    return [one, str(len(scores)), f"{pooled:.2f}", f"{mean:.2f}", *errors]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("micrographs", type=Path, help="folder with images, labels and images.csv")
    parser.add_argument("--out", type=Path, required=True, help="where datasets, models and results stay")
    parser.add_argument("--sets", nargs="+", default=["bright-round", "dark-round"])
    parser.add_argument("--every", type=int, default=1, help="take every n-th micrograph of a set, by name")
    parser.add_argument("--steps", type=int, default=1000, help="training steps of each detector")
    parser.add_argument("--detectors", nargs="+", default=DETECTORS, help="also: rendered from base, base")
    args = parser.parse_args()
    names = chosen(args.micrographs, args.sets, args.every)
    methods: dict[str, Callable[[str, str], Labels]] = {"Otsu, watershed": otsu(args.micrographs)}
    for detector in args.detectors:
        model = learnt(args.out, *detector.split(" from "), args.steps) if " from " in detector else detector
        methods[detector] = found(args.out, args.micrographs, names, model)
    print("| | set | images | F1@0.5, pooled | mean of images | geometric mean | count |\n" + "|---" * 7 + "|")
    for name, find in methods.items():
        for one in args.sets:
            print("| " + " | ".join([name, *row(args.micrographs, names, one, find)]) + " |")


if __name__ == "__main__":
    main()
