"""What states a pixel size beside an image, spoiled: the right size, none, or a sentence."""

import json
import math
from pathlib import Path

import numpy as np
import tifffile

from fuzz.case import MEASURE, Case, Workshop, figures, has_spoken, on
from fuzz.damage import HOSTILE, spoil
from fuzz.serve import Outcome

SIZES = [
    "2 nm",
    "0.002 um",
    "20 \u00c5",
    "2e-9 m",
    "2,0 nm",
    "2 nm/px",
    "2",
    "2 px",
    "2 1/nm",
    "-2 nm",
    "nan nm",
    "0 nm",
]
HITACHI = "[SemImageFile]\r\nInstructName=S-4800\r\nImageName=a.tif\r\nDataSize=128x128\r\nPixelSize=2\r\n"
TESCAN = "[MAIN]\nDevice=MIRA\nPixelSizeX=2e-9\nPixelSizeY=2e-9\n"


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    images = folder / "images"
    images.mkdir()
    tifffile.imwrite(images / "a.tif", workshop.picture)
    way = str(rng.choice(["table", "scale", "hitachi", "tescan"]))
    about = way
    if way == "table":
        size = SIZES[rng.integers(len(SIZES))]
        text = f'image{(mark := str(rng.choice([",", ";"])))}pixel_size\na{mark}"{size}"\n'
        content = text.encode(str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "latin-1"])))
        path, about = images / "pixel_sizes.csv", f"{way} {size}"
    elif way == "scale":
        value = HOSTILE[rng.integers(len(HOSTILE))]
        (folder / "scale").mkdir()
        path, content = folder / "scale" / "a.json", json.dumps({"pixel_size_nm": [value, 2.0]}).encode()
        about = f"{way} {str(value)[:20]}"
    else:
        text = HITACHI if way == "hitachi" else TESCAN
        path = images / ("a.txt" if way == "hitachi" else "a.hdr")
        content = text.encode(str(rng.choice(["utf-8", "utf-16", "shift_jis"])))
    if rng.random() < 0.4:
        how, content = spoil(content, rng)
        about = f"{about} {how}"
    path.write_bytes(content)

    def judge(outcome: Outcome, at: Path) -> str:
        if has_spoken(outcome, at):
            return ""
        mean = figures(at)[1] / workshop.mean_px
        known = math.isnan(mean) or math.isclose(mean, 2, rel_tol=0.01)
        return "" if known or "noise" in about or "flipped" in about or "removed" in about else f"pixels of {mean} nm"

    return Case(about, on(MEASURE, "images"), judge)
