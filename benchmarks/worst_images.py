"""Draw the images that a detector does worst on, to look at them and to state the reasons.

``uv run python benchmarks/worst_images.py base --data EMPS --data POWDER --count 20 --out worst``, where each set
holds ``images/`` and either ``labels/`` or ``boxes/NAME.txt`` (YOLO: class, centre x and y, width, height as shares
of the image). Images are measured into ``worst/results/SET``; an interrupted run is continued, and ``--results
FOLDER`` takes results that are there already, ``FOLDER/SET``.

Written are ``worst/SET_NAME.png``, each a micrograph with its outlines (true ones dashed, found ones solid; hits
green, missed ones yellow, surplus ones red), ``worst/sheet.png`` with all of them, and ``worst/worst.md``, a table
with an empty column for the reason; reasons that are filled in are kept. Where only boxes are known, F1, count and
sizes are those of boxes. Images may only be shown where their licences allow it.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

import particleforge as pf
from particleforge.errors import UserError
from particleforge.measurement.outlines import outlines, simplified
from particleforge.measurement.picture import draw_image
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.quality.matching import Score, found_again
from particleforge.quality.metric import Judged, evaluate
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import read_micrograph

Boxes = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]
Line = npt.NDArray[np.float64]

HIT, MISSED, SURPLUS = "#00B37D", "#F0E442", "#E0402B"
IOU = 0.5
WIDTH_IN, DPI = 9.0, 110
COLUMNS, THUMBNAIL_PX = 4, 480
HEADER = ["image", "set", "F1", "certainty", "true", "found", "count error %", "GM error %", "reason"]


@dataclass(frozen=True)
class Row:
    """How well the particles of an image were found; errors are relative, in percent."""

    dataset: Path
    name: str
    score: Score
    certainty: float | None
    count_percent: float | None
    gm_percent: float | None

    @property
    def key(self) -> tuple[str, str]:
        """Name of the image and of its set."""
        return self.name, self.dataset.name

    @property
    def cells(self) -> list[str]:
        """Cells of the table without the reason."""
        true, found = self.score.hits + self.score.missed, self.score.hits + self.score.false
        errors = ["" if one is None else f"{one:+.0f}" for one in (self.count_percent, self.gm_percent)]
        sure = "" if self.certainty is None else f"{self.certainty:.2f}"
        return [*self.key, f"{self.score.f1:.2f}", sure, str(true), str(found), *errors]

    @property
    def title(self) -> str:
        """What is written above the picture."""
        _, _, f1, certainty, true, found, count, gm = self.cells
        errors = [f"{name} {cell} %" for name, cell in (("count", count), ("GM", gm)) if cell]
        figures = [f"F1 {f1}", f"certainty {certainty or 'unknown'}", f"{true} true, {found} found", *errors]
        return f"{self.dataset.name}: {self.name}\n" + ", ".join(figures)


@dataclass(frozen=True, eq=False)
class Matched:
    """Closed lines of true and found particles, and whether each has a partner."""

    true: Sequence[tuple[Line, bool]]
    found: Sequence[tuple[Line, bool]]


def true_boxes(path: Path, shape: tuple[int, int]) -> Boxes:
    """(n, 4) top, left, bottom, right in px from a YOLO file."""
    _, x, y, width, height = np.loadtxt(path, ndmin=2).reshape(-1, 5).T
    return np.column_stack([y - height / 2, x - width / 2, y + height / 2, x + width / 2]) * np.tile(shape, 2)


def label_boxes(labels: Labels) -> Boxes:
    """(n, 4) boxes of the particles of a label image."""
    boxes = [box for box in ndimage.find_objects(labels.astype(np.int64)) if box is not None]
    return np.array([(y.start, x.start, y.stop, x.stop) for y, x in boxes], np.float64).reshape(-1, 4)


def box_pairs(one: Boxes, other: Boxes) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Match boxes one to one; the indices of those that have a partner."""
    low, high = np.maximum(one[:, None, :2], other[:, :2]), np.minimum(one[:, None, 2:], other[:, 2:])
    both = np.clip(high - low, 0, None).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (one, other)]
    iou = both / (areas[0][:, None] + areas[1] - both)
    i, j = linear_sum_assignment(np.where(iou >= IOU, -1 - iou, 0))
    good = iou[i, j] >= IOU
    return i[good], j[good]


def box_lines(boxes: Boxes, matched: Sequence[int]) -> list[tuple[Line, bool]]:
    """Boxes as closed lines."""
    corners = boxes[:, [1, 0, 3, 0, 3, 2, 1, 2, 1, 0]].reshape(-1, 5, 2) - 0.5
    return [(line, number in matched) for number, line in enumerate(corners)]


def label_lines(labels: Labels, other: Labels) -> list[tuple[Line, bool]]:
    """Outlines of particles, and whether each has a partner in the other image."""
    matched = set(found_again(labels, other, IOU).tolist())
    return [(line, label in matched) for label, lines in outlines(labels).items() for line in simplified(lines)]


def truth_of(dataset: Path, name: str) -> Path:
    """File of the true labels or boxes of an image."""
    files = [path for folder in ("labels", "boxes") for path in (dataset / folder).glob(f"{name}.*")]
    if not files:
        raise UserError(
            f"{dataset} has no labels and no boxes of {name}.", "Give a folder with images and their truth."
        )
    return files[0]


def match(dataset: Path, name: str, found: Labels) -> Matched:
    """Lines of true and found particles of an image."""
    path = truth_of(dataset, name)
    if path.suffix != ".txt":
        true = read_labels(path)
        return Matched(label_lines(true, found), label_lines(found, true))
    boxes, own = true_boxes(path, found.shape), label_boxes(found)
    i, j = box_pairs(boxes, own)
    return Matched(box_lines(boxes, i.tolist()), box_lines(own, j.tolist()))


def judge(dataset: Path, name: str, found: Labels, certainty: float | None) -> Row:
    """Figures of an image."""
    path = truth_of(dataset, name)
    if path.suffix != ".txt":
        judged = Judged(read_labels(path), found)
        figures = evaluate([judged])
        errors = figures["count_error_percent"], figures["geometric_mean_error_percent"]
        return Row(dataset, name, judged.score, certainty, *errors)
    boxes, own = true_boxes(path, found.shape), label_boxes(found)
    hits = len(box_pairs(boxes, own)[0])
    score = Score(hits, len(own) - hits, len(boxes) - hits)
    gm = [np.log((some[:, 2:] - some[:, :2]).prod(1)).mean() / 2 if len(some) else np.nan for some in (own, boxes)]
    gm_percent = float(100 * np.expm1(gm[0] - gm[1])) if len(own) and len(boxes) else None
    return Row(dataset, name, score, certainty, 100 * (len(own) / len(boxes) - 1) if len(boxes) else None, gm_percent)


def results_of(model: str, dataset: Path, out: Path, known: Path | None) -> ResultsFolder:
    """Results of a set: those that are there already, or measured now."""
    if known is not None and (known / dataset.name).is_dir():
        there = ResultsFolder.open(known / dataset.name)
        if there.complete:
            return there
    results = out / "results" / dataset.name
    pf.measure(model, dataset / "images", results, pf.MeasureParams(reports=False))
    return ResultsFolder.open(results)


def draw(row: Row, found: Labels, path: Path) -> None:
    """Draw an image with its outlines."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    (image,) = (row.dataset / "images").glob(f"{row.name}.*")
    grey, matched = read_micrograph(image).grey, match(row.dataset, row.name, found)
    figure = Figure(figsize=(WIDTH_IN, WIDTH_IN * grey.shape[0] / grey.shape[1] + 0.6), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    draw_image(axes, grey, found)
    axes.set_title(row.title, fontsize=9)
    for lines, alone, style in ((matched.found, SURPLUS, "solid"), (matched.true, MISSED, (0, (4, 2)))):
        colours, own = [HIT if has_partner else alone for _, has_partner in lines], [line for line, _ in lines]
        axes.add_collection(LineCollection(own, colors=colours, linewidths=0.9, linestyles=style))
    figure.savefig(path)


def draw_sheet(pictures: Sequence[Path], path: Path) -> None:
    """Put all pictures on one sheet."""
    small = [Image.open(picture).convert("RGB") for picture in pictures]
    for one in small:
        one.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    rows = [small[first : first + COLUMNS] for first in range(0, len(small), COLUMNS)]
    heights = [max(one.height for one in row) for row in rows]
    sheet = Image.new("RGB", (COLUMNS * THUMBNAIL_PX, sum(heights)), "white")
    for number, row in enumerate(rows):
        for column, one in enumerate(row):
            sheet.paste(one, (column * THUMBNAIL_PX, sum(heights[:number])))
    sheet.save(path)


def reasons_in(path: Path) -> dict[tuple[str, str], str]:
    """Reasons filled in before, by image and set."""
    lines = path.read_text(encoding="utf-8").splitlines()[2:] if path.exists() else []
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {(own[0], own[1]): own[-1] for own in cells if len(own) == len(HEADER)}


def table(rows: Sequence[Row], reasons: Mapping[tuple[str, str], str]) -> str:
    """Figures of the images as a Markdown table."""
    lines = [HEADER, ["---"] * len(HEADER), *([*row.cells, reasons.get(row.key, "")] for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="name or folder of a detector")
    parser.add_argument("--data", type=Path, action="append", required=True, help="a set; may be given several times")
    parser.add_argument("--count", type=int, default=20, help="number of images drawn")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--results", type=Path, help="folder with results of measure, one folder per set")
    args = parser.parse_args()
    rows, results = [], {}
    for dataset in args.data:
        of_set = results[dataset] = results_of(args.model, dataset, args.out, args.results)
        for name in of_set.names:
            rows.append(judge(dataset, name, of_set.labels(name), of_set.images[name].get("certainty")))
        sys.stderr.write(f"{dataset.name}: {len(of_set.names)} images\n")
    worst = sorted(rows, key=lambda row: row.score.f1)[: args.count]
    args.out.mkdir(parents=True, exist_ok=True)
    pictures = [args.out / f"{row.dataset.name}_{row.name}.png" for row in worst]
    for row, picture in zip(worst, pictures, strict=True):
        if not picture.exists():
            draw(row, results[row.dataset].labels(row.name), picture)
    draw_sheet(pictures, args.out / "sheet.png")
    listed = table(worst, reasons_in(args.out / "worst.md"))
    (args.out / "worst.md").write_text(listed, encoding="utf-8")
    print(listed)


if __name__ == "__main__":
    main()
