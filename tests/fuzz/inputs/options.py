"""Hostile values on the command line of every verb."""

from pathlib import Path

import numpy as np

from fuzz.case import Case, Workshop

VALUES = [
    *[
        "nan",
        "inf",
        "-1",
        "0",
        "1e300",
        "9" * 5000,
        "",
        "x",
        "true",
        "{}",
        "[]",
        "{kind: nothing}",
        "[" * 2000,
        "5 furlongs",
    ],
    *["../../..", "/dev/null", "/", "nofile", "a\nb", "\u202e", "&a *a", "1e-300", "{a: " * 500, "0.5", "3"],
    "!!python/name:os",
]
COMMANDS = {
    "measure": ["threshold", "../picture.tif", "--out", "out", "--no-reports"],
    "sizes": ["../labels.tif", "--out", "out", "--no-reports"],
    "synthesize": ["shapes", "--out", "made.zarr", "--count", "1"],
    "estimate": ["hetero", "../picture.tif", "--out", "out"],
    "classify": ["nothing", "../picture.tif", "--out", "out"],
    "predict": ["threshold", "../picture.tif", "--out", "out"],
    "export": ["../made.zarr", "out"],
    "import": ["../exported", "out.zarr", "--format", "coco"],
    "compare-sizes": ["../results", "../results", "--out", "out"],
    "learn": ["../made.zarr", "--out", "out", "--minutes", "0.01"],
    "train": ["../made.zarr", "--out", "out"],
    "recipes": [],
}


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    from particleforge.cli.main import commands, describe

    command = str(rng.choice(list(COMMANDS)))
    parser = describe(commands()[command])[2]
    names = [action.option_strings[0] for action in parser._actions if action.option_strings and action.nargs != 0]
    words = list(COMMANDS[command])
    value = VALUES[rng.integers(len(VALUES))]
    if (names and rng.random() < 0.75) or not words:
        name = str(rng.choice(names)) if names else "--nothing"
        words += [f"{name}={value}"]
        about = f"{name}={value[:20]!r}"
    else:
        at = int(rng.integers(len(words)))
        words[at] = value
        about = f"word {at} = {value[:20]!r}"
    if command == "train":
        words += ["--patch-px", "32", "--batch-size", "1", "--validations", "1"]
        words += [] if "--steps" in about else ["--steps", "2"]
    return Case(f"{command} {about}", [command, *words])
