"""Write how far descriptors are off for shapes whose values are known: ``python docs/bias.py``; conf.py calls it too.

Shapes of one equal-area diameter are drawn at random angles and positions, all of them in one label image.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.measurement.particles import measure_particles
from particleforge.seeds import stream

SIZES_PX = (10, 20, 50, 100)
COPIES = 100


@dataclass(frozen=True)
class Shape:
    """A shape of some length and width; all else follows."""

    name: str
    kind: str
    aspect: float

    def sides(self, diameter: float) -> tuple[float, float]:
        """Length and width of the shape whose equal-area diameter this is."""
        fill = {"ellipse": math.pi / 4, "rectangle": 1, "rod": 1 - (1 - math.pi / 4) / self.aspect}[self.kind]
        width = diameter * math.sqrt(math.pi / 4 / (fill * self.aspect))
        return self.aspect * width, width

    def inside(self, u: npt.NDArray[np.float64], v: npt.NDArray[np.float64], diameter: float) -> npt.NDArray[np.bool_]:
        """Whether points lie inside; u along the length, v along the width."""
        length, width = self.sides(diameter)
        if self.kind == "ellipse":
            return (2 * u / length) ** 2 + (2 * v / width) ** 2 <= 1
        if self.kind == "rectangle":
            return np.maximum(abs(u) / length, abs(v) / width) <= 0.5
        return np.hypot(np.maximum(abs(u) - (length - width) / 2, 0), v) <= width / 2

    def truth(self, diameter: float) -> dict[str, float]:
        """Values by column."""
        length, width = self.sides(diameter)
        diagonal = math.hypot(length, width)
        true = {"ecd_px": diameter, "area_px2": math.pi / 4 * diameter**2, "feret_min_px": width}
        true |= {"rectangle_length_px": length, "rectangle_width_px": width, "inscribed_px": width}
        if self.kind == "ellipse":
            h = ((length - width) / (length + width)) ** 2
            outline = math.pi * (length + width) / 2 * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))
            longest, across = length, width
            true |= {"ellipse_major_px": length, "ellipse_minor_px": width}
        elif self.kind == "rectangle":
            outline, longest, across = 2 * (length + width), diagonal, 2 * length * width / diagonal
            true |= {"ellipse_major_px": 2 * length / math.sqrt(3), "ellipse_minor_px": 2 * width / math.sqrt(3)}
        else:
            outline, longest, across = 2 * (length - width) + math.pi * width, length, width
            true |= {"fibre_length_px": length}
        true |= {"perimeter_px": outline, "feret_max_px": longest, "feret_90_px": across, "enclosing_px": longest}
        true |= {"feret_mean_px": outline / math.pi, "circularity": (math.pi * diameter / outline) ** 2}
        return true | {"roundness": (diameter / longest) ** 2, "solidity": 1.0, "convexity": 1.0}


SHAPES = (
    Shape("disc", "ellipse", 1),
    Shape("ellipse 2:1", "ellipse", 2),
    Shape("square", "rectangle", 1),
    Shape("rectangle 2:1", "rectangle", 2),
    Shape("rod 4:1", "rod", 4),
)


def drawn(shape: Shape, diameter: float, copies: int = COPIES, seed: int = 0) -> npt.NDArray[np.int64]:
    """Label image of copies of a shape, each turned a little more and moved by parts of a pixel at random."""
    rng = stream(seed, "bias", shape.name, round(1000 * diameter))
    side = math.ceil(math.hypot(*shape.sides(diameter))) + 4
    y, x = np.mgrid[:side, :side] - side / 2
    tiles = []
    for number in range(1, copies + 1):
        angle, (dy, dx) = math.pi * (number - rng.random()) / copies, rng.uniform(-0.5, 0.5, 2)
        along = (x - dx) * math.cos(angle) + (y - dy) * math.sin(angle)
        across = (y - dy) * math.cos(angle) - (x - dx) * math.sin(angle)
        tiles.append(number * shape.inside(along, across, diameter))
    rows = math.isqrt(copies)
    return np.block([[*tiles[i::rows]] for i in range(rows)]).astype(np.int64)


def bias_percent(shape: Shape, diameter: float, copies: int = COPIES) -> "pd.Series[float]":
    """Mean over random angles and positions less the true value, in percent of it, by column."""
    truth = pd.Series(shape.truth(diameter))
    return 100 * (measure_particles(drawn(shape, diameter, copies))[list(truth.index)].mean() / truth - 1)


def write_bias(folder: Path) -> None:
    """Write ``bias.md``: one table per size."""
    parts = []
    for size in SIZES_PX:
        table = pd.DataFrame({shape.name: bias_percent(shape, size) for shape in SHAPES})
        lines = [("", *table.columns), ("---",) * (len(table.columns) + 1)]
        lines += [
            (f"`{name}`", *("" if math.isnan(value) else f"{value:+.2f}".replace("-0.00", "0.00") for value in row))
            for name, row in zip(table.index, table.to_numpy(), strict=True)
        ]
        body = "".join("| " + " | ".join(line) + " |\n" for line in lines)
        parts.append(f"Equal-area diameter {size} px, bias in %:\n\n{body}")
    folder.mkdir(exist_ok=True)
    (folder / "bias.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    write_bias(Path(__file__).resolve().parent / "_generated")
