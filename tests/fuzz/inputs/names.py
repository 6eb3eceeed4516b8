"""Names of files that systems allow and programs stumble over."""

import os
from pathlib import Path

import numpy as np
import tifffile

from fuzz.case import Case, Workshop, figures, summary
from fuzz.serve import Outcome

PLAIN = r"a$_$b \alpha $\frac{ #let *b*_i_ [x](y) -out --help %s%d{0} a;b,c =1+1 @x <b>&amp; con ~ A a \"'`".split()
ODD = ["\u7d50\u6676", "\u202eabc", "\U0001f52c", "e\u0301", " lead", "trail ", "a\tb", "a\nb", "a\x07b"]
PARTS = [*PLAIN, *ODD, "a" * 240, "\u7d50" * 80]
RAW = [b"bad\xff", b"\xe9t\xe9", b"\xed\xa0\x80"]


def make(rng: np.random.Generator, folder: Path, workshop: Workshop) -> Case:
    images = folder / "in"
    images.mkdir()
    chosen = rng.choice(len(PARTS) + len(RAW), 3, replace=False)
    names = [(PARTS + [os.fsdecode(raw) for raw in RAW])[i] for i in chosen]
    for name in names:
        with (images / f"{name}.tif").open("wb") as file:
            tifffile.imwrite(file, workshop.picture, resolution=(1e7, 1e7), resolutionunit="CENTIMETER")
    reports = rng.random() < 0.15
    words = ["measure", "threshold", "in", "--out", "out", "--border", "{kind: keep_all}"]

    def judge(outcome: Outcome, at: Path) -> str:
        if not (at / "out" / "summary.json").exists():
            return "" if outcome.code else "no summary"
        count, lost = figures(at)[0], len(summary(at)["failed"])
        if count + lost * workshop.count != 3 * workshop.count:
            return f"{count} particles, {lost} images failed"
        return "" if bool(lost) == bool(outcome.code) else f"exit code {outcome.code} with {lost} failed images"

    return Case(f"{names}", [*words] if reports else [*words, "--no-reports"], judge)
