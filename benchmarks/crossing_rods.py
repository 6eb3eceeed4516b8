"""Rods that cross: three kinds of detectors, trained with the same effort on the same drawn images.

``python benchmarks/crossing_rods.py OUT`` draws images of crossing rods, trains StarDist, Mask R-CNN and the detector
of rods on them, each from the weights of the base detector, and prints how well they find the whole rods of other
images. What is there already is not done again, so an interrupted run continues; ``--seeds`` may be raised later. Each
training has as many steps as take ten minutes of one core, whatever else the machine does meanwhile.
"""

import argparse
from pathlib import Path

import yaml

from particleforge.recipes.synthesize import SynthesizeParams
from particleforge.workflows.repeat import repeat
from particleforge.workflows.synthesize import synthesize

POPULATION = {
    "diameter_px": "uniform(20, 34)",
    "gsd": "uniform(1.05, 1.25)",
    "outlines": [
        {
            "kind": "rod",
            "aspect": "uniform(6, 20)",
            "bend_deg": "uniform(-45, 45)",
            "squareness": "uniform(0, 0.8)",
        }
    ],
    "contrast": {
        "kind": "mixture",
        "parts": [{"kind": "uniform", "low": 0.25, "high": 0.8}, {"kind": "uniform", "low": -0.7, "high": -0.25}],
        "weights": [1, 1],
    },
}
RECIPE = {
    "kind": "shapes",
    "height_px": 256,
    "width_px": 256,
    "first": POPULATION,
    "second_share": 0,
    "coverage": "uniform(0.2, 0.4)",
    "overlap": 0.9,
    "min_visible": 0.3,
    "transparency": {"kind": "choice", "values": [0, 1]},
    "clustering": {"kind": "choice", "values": [0, 0.3]},
    "lattice": 0,
    "buried": 0,
    "lettering": 0,
}
"""Bent rods of aspect 6 to 20, half of the images with transparent ones."""
STEPS = {"stardist": 2700, "maskrcnn": 950, "rods": 2600}
"""Steps in ten minutes of one core (Xeon with AMX, ``OMP_NUM_THREADS=1``), the choice of thresholds included."""
METRICS = ("f1", "f1_75", "ap50", "crossing_recall")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=int, default=600, help="to learn from")
    parser.add_argument("--test-images", type=int, default=60)
    parser.add_argument("--effort", type=float, default=1, help="of each training; 1: ten minutes of one core")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=tuple(STEPS), choices=STEPS)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    sets = {"train": (args.images, 1), "test": (args.test_images, 2)}
    for name, (count, seed) in sets.items():
        synthesize(RECIPE, args.out / f"{name}.zarr", params=SynthesizeParams(count=count, seed=seed))
    arms = {
        kind: {
            "verb": "train",
            "inputs": [str(args.out / "train.zarr")],
            "params": {
                "model": kind,
                "settings": {"start": "base", "minutes": None, "steps": round(args.effort * STEPS[kind])},
            },
        }
        for kind in args.kinds
    }
    plan = {"arms": arms, "test": [str(args.out / "test.zarr")], "seeds": args.seeds}
    (args.out / "plan.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    found = repeat(args.out / "plan.yaml", args.out / "repeated")
    (values,) = (one["values"] for one in found.data["datasets"].values())
    print(f"| | {' | '.join(METRICS)} |\n|{'---|' * (len(METRICS) + 1)}")
    for kind, own in values.items():
        cells = [f"{own[key]['mean']:.3f} (SD {own[key]['sd'] or 0:.3f})" for key in METRICS]
        print(f"| {kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
