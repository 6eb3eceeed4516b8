"""Two detectors side by side on annotated micrographs, on a processor, within a given time.

``uv run python benchmarks/detectors.py base FOLDER --data EMPS --count 24``, where EMPS holds ``images/*.png`` and
``labels/*.png``; ``--data`` may be given several times, and each set is reported by itself. The seed decides which
images are taken. All detectors measure one image before the next one, so a run that ends early (``--minutes``) compares
them on the same images. Sets of which only boxes are known are not for it.

For every set: mean F1 at an IoU of 0.5 and 0.75, pooled F1, surplus objects per image (less than a quarter of which
lies on annotated particles), and the median absolute errors of count and geometric mean diameter.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from particleforge.models.opening import open_model
from particleforge.models.roles import Detector
from particleforge.quality.matching import score
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph

Labels = npt.NDArray[np.integer]
Row = dict[str, Any]


def surplus(true: Labels, found: Labels) -> int:
    """Count objects less than a quarter of which lies on annotated particles."""
    areas = np.bincount(found.ravel())
    covered = np.bincount(found[true > 0].ravel(), minlength=len(areas))
    return int(((areas > 0) & (covered < areas / 4))[1:].sum())


def mean_ln_diameter(labels: Labels) -> float:
    """Logarithm of the geometric mean of the equal-area diameters, up to a constant."""
    areas = np.bincount(labels.ravel())[1:]
    return float(np.log(areas[areas > 0]).mean() / 2) if areas.any() else float("nan")


def row(detector: Detector[Any], image: Path, true: Labels, options: dict[str, float]) -> Row:
    """Figures of one image."""
    began = time.process_time()
    found = np.asarray(detector.detect(read_micrograph(image), **options).labels, np.int64)
    coarse, fine = score(true, found), score(true, found, iou=0.75)
    count = int((np.bincount(true.ravel())[1:] > 0).sum())
    return {
        "f1": coarse.f1,
        "f1_75": fine.f1,
        "hits": coarse.hits,
        "missed": coarse.missed,
        "false": coarse.false,
        "surplus": surplus(true, found),
        "count_percent": 100 * abs(coarse.false - coarse.missed) / max(count, 1),
        "gm_percent": 100 * abs(np.expm1(mean_ln_diameter(found) - mean_ln_diameter(true))),
        "cpu_s": time.process_time() - began,
    }


def line(name: str, rows: Sequence[Row]) -> str:
    """Figures of a set as a line of a table."""

    def of(key: str) -> npt.NDArray[np.float64]:
        return np.array([one[key] for one in rows])

    pooled = 2 * of("hits").sum() / max(2 * of("hits").sum() + of("missed").sum() + of("false").sum(), 1)
    figures = [of("f1").mean(), of("f1_75").mean(), pooled, of("surplus").mean(), np.median(of("count_percent"))]
    figures += [np.nanmedian(of("gm_percent")), of("cpu_s").mean()]
    forms = (".3f", ".3f", ".3f", ".1f", ".1f", ".1f", ".1f")
    cells = [format(figure, form) for figure, form in zip(figures, forms, strict=True)]
    return "| " + " | ".join([name, str(len(rows)), *cells]) + " |"


def images_of(folder: Path, count: int, seed: int) -> list[tuple[Path, Path]]:
    """List some images with their labels."""
    labels = {path.stem: path for path in (folder / "labels").iterdir()}
    pairs = [(path, labels[path.stem]) for path in sorted((folder / "images").iterdir()) if path.stem in labels]
    chosen = np.random.default_rng(seed).permutation(len(pairs))[:count]
    return [pairs[i] for i in chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detectors", nargs="+", help="names or folders of detectors")
    parser.add_argument("--data", type=Path, action="append", required=True, help="folder with images and labels")
    parser.add_argument("--count", type=int, default=24, help="images of each set, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=20.0, help="after which no further image is measured")
    parser.add_argument("--prob", type=float, help="probability threshold of all detectors; without it each its own")
    parser.add_argument("--json", type=Path, help="where every image's figures are written")
    args = parser.parse_args()
    detectors = {name: open_model(name, "detector") for name in args.detectors}
    options = {} if args.prob is None else {"prob_thresh": args.prob}
    ends = time.monotonic() + 60 * args.minutes
    rows: dict[str, dict[str, list[Row]]] = {}
    for folder in args.data:
        of_set = rows[folder.name] = {name: [] for name in detectors}
        for image, truth in images_of(folder, args.count, args.seed):
            if time.monotonic() > ends:
                break
            true = np.asarray(read_labels(truth), np.int64)
            for name, detector in detectors.items():
                of_set[name].append(row(detector, image, true, options) | {"image": image.stem})
            sys.stderr.write(f"{image.stem}: " + ", ".join(f"{some[-1]['f1']:.3f}" for some in of_set.values()) + "\n")
        print(f"\n{folder.name}\n\n| detector | images | F1 | F1@0.75 | pooled | surplus | count % | GM % | CPU s |")
        print("|---" * 9 + "|")
        for name, some in of_set.items():
            if some:
                print(line(name, some))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1, default=float), encoding="utf-8")


if __name__ == "__main__":
    main()
