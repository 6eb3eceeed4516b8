"""What no detector may fail at: plain discs on plain fields, and fields with nothing in them.

``uv run python benchmarks/plain_things.py base FOLDER``, for any number of detectors; ``--only shading`` takes the
cases with this word in their name. Grey values, noise and shading are multiples of the contrast of the discs. A case
is held with an F1 of 0.9 or more; where nothing is shown, if nothing is found or the certainty says so: below 0.3
images are not pooled. The command fails unless every detector holds all cases.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from particleforge.measurement.rules import Rules
from particleforge.micrograph import Micrograph
from particleforge.models.opening import open_model
from particleforge.models.roles import Detector
from particleforge.quality.matching import score
from particleforge.seeds import stream

Labels = npt.NDArray[np.uint32]

BACKGROUND, CONTRAST = 30_000, 2_500
EDGE_PX = 0.8
"""Sigma of the blur of an edge."""
HELD = 0.9
LEAST_CERTAINTY = Rules().least_certainty


@dataclass(frozen=True)
class Case:
    """Discs of one diameter on a field.

    Parameters
    ----------
    name
        What is shown.
    count, diameter_px
        The discs.
    side_px
        Side of the field.
    sign
        1 for bright discs, -1 for dark ones.
    noise, shading
        Standard deviation of the noise, and range of a smooth shading, as multiples of the contrast.
    """

    name: str
    count: int
    diameter_px: float = 40
    side_px: int = 512
    sign: int = -1
    noise: float = 0.1
    shading: float = 0

    def draw(self, seed: int) -> tuple[Micrograph, Labels]:
        """Return the image and the true labels; discs lie at random in the cells of a square grid."""
        rng, side = stream(seed, self.name), self.side_px
        labels = np.zeros((side, side), np.uint32)
        across = max(1, int(np.ceil(np.sqrt(self.count))))
        free = side / across - self.diameter_px - 4
        if free < 0:
            raise ValueError(f"{self.count} discs of {self.diameter_px} px do not fit into {side} px")
        y, x = np.ogrid[:side, :side]
        for number, cell in enumerate(rng.permutation(across**2)[: self.count], start=1):
            corner = np.array(divmod(cell, across)) * side / across
            row, column = corner + self.diameter_px / 2 + 2 + rng.uniform(0, free, 2)
            labels[(y - row) ** 2 + (x - column) ** 2 <= (self.diameter_px / 2) ** 2] = number
        grey = self.sign * gaussian_filter((labels > 0).astype(np.float32), EDGE_PX)
        phase, turns = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.6, 1.2, 2) * np.pi / side
        grey += self.shading / 4 * (np.sin(y * turns[0] + phase[0]) + np.sin(x * turns[1] + phase[1]))
        grey += self.noise * rng.standard_normal(grey.shape)
        pixels = np.rint(BACKGROUND + CONTRAST * grey).clip(0, 65535).astype(np.uint16)
        return Micrograph(pixels, name=self.name), labels


CASES = (
    *(Case(f"nine dark discs in 2048 px, shading {k:g}", 9, 60, 2048, shading=k) for k in (0, 1, 3, 6)),
    *(Case(f"nine bright discs in 2048 px, shading {k:g}", 9, 60, 2048, 1, shading=k) for k in (0, 3)),
    Case("fifty dark discs in 2048 px", 50, 60, 2048),
    Case("three dark discs, 0.1 % of 1024 px", 3, 20, 1024),
    Case("three bright discs, 0.1 % of 1024 px", 3, 20, 1024, 1),
    *(Case(f"one {name} disc", 1, sign=sign) for name, sign in (("dark", -1), ("bright", 1))),
    *(Case(f"ten {name} discs", 10, sign=sign) for name, sign in (("dark", -1), ("bright", 1))),
    *(Case(f"ten dark discs, shading {k:g}", 10, shading=k) for k in (1, 3, 6)),
    *(Case(f"ten dark discs of {d} px", 10, d) for d in (8, 12, 20, 100)),
    *(Case(f"ten bright discs of {d} px", 10, d, sign=1) for d in (8, 12, 20, 100)),
    Case("four dark discs of 200 px", 4, 200),
    Case("four bright discs of 200 px", 4, 200, sign=1),
    *(Case(f"ten dark discs, noise {noise:g}", 10, noise=noise) for noise in (0, 0.3, 0.6, 1)),
    Case("nothing", 0),
    Case("nothing, shading 3", 0, shading=3),
    Case("nothing, without noise", 0, noise=0),
    Case("nothing, 1024 px", 0, side_px=1024),
)


@dataclass(frozen=True)
class Outcome:
    """What a detector made of a case."""

    f1: float
    found: int
    certainty: float | None
    cpu_s: float
    empty: bool

    @property
    def held(self) -> bool:
        """Whether it did what it must."""
        if self.empty:
            return not self.found or (self.certainty is not None and self.certainty < LEAST_CERTAINTY)
        return self.f1 >= HELD

    @property
    def cell(self) -> str:
        """Cell of the table."""
        sure = "-" if self.certainty is None else f"{self.certainty:.2f}"
        rated = "" if self.empty else f"F1 {self.f1:.2f}, "
        text = f"{rated}{self.found} found, certainty {sure}"
        return text if self.held else f"**{text}**"


def outcome(detector: Detector[Any], image: Micrograph, labels: Labels) -> Outcome:
    """Let a detector find the discs."""
    began = time.process_time()
    found = detector.detect(image)
    seconds = time.process_time() - began
    return Outcome(score(labels, found.labels).f1, len(found), found.certainty, seconds, not labels.any())


def total(outcomes: Sequence[Outcome]) -> str:
    """Return how many cases are held, and the time."""
    return (
        f"{sum(one.held for one in outcomes)} of {len(outcomes)} held, {sum(one.cpu_s for one in outcomes):.0f} CPU s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detectors", nargs="+", help="names or folders of detectors")
    parser.add_argument("--only", action="append", help="part of the names of the cases; may be given several times")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    detectors = {name: open_model(name, "detector") for name in args.detectors}
    outcomes: dict[str, list[Outcome]] = {name: [] for name in detectors}
    print(f"| case | true | {' | '.join(detectors)} |\n{'|---' * (2 + len(detectors))}|")
    for case in CASES:
        if args.only is None or any(word in case.name for word in args.only):
            image, labels = case.draw(args.seed)
            for name, detector in detectors.items():
                outcomes[name].append(outcome(detector, image, labels))
            cells = [own[-1].cell for own in outcomes.values()]
            print(f"| {case.name} | {case.count} | {' | '.join(cells)} |", flush=True)
    print(f"| all | | {' | '.join(map(total, outcomes.values()))} |")
    sys.exit(0 if all(one.held for own in outcomes.values() for one in own) else 1)


if __name__ == "__main__":
    main()
