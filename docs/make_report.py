"""Make the picture of a report in the docs: ``uv run python docs/make_report.py``.

True labels of the sample data are measured; the pages of the report's PDF are laid side by side.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from qtpy.QtCore import QSize
from qtpy.QtGui import QGuiApplication
from qtpy.QtPdf import QPdfDocument

from particleforge.workflows.demo import SPHERES
from particleforge.workflows.sizes import SizesParams, sizes

PICTURE = Path(__file__).resolve().parent / "images" / "report.png"
HEIGHT_PX, GAP_PX, PAGES = 900, 2, 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(SPHERES / "more", "spheres")
        measured = sizes("spheres/labels", "results", SizesParams(image_pdfs=True), "spheres/images")
        pages = rendered(measured.out / "reports" / "spheres_1.pdf", Path(folder))
    shown = [page.resize((round(page.width * HEIGHT_PX / page.height), HEIGHT_PX)) for page in pages[:PAGES]]
    whole = Image.new("RGB", (sum(page.width + GAP_PX for page in shown) - GAP_PX, HEIGHT_PX), "#BBBBBB")
    left = 0
    for page in shown:
        whole.paste(page, (left, 0))
        left += page.width + GAP_PX
    whole.quantize(64).save(PICTURE, optimize=True)


def rendered(pdf: Path, folder: Path) -> list[Image.Image]:
    """Pages of a PDF at 150 dpi."""
    application = QGuiApplication.instance() or QGuiApplication(["report", "-platform", "offscreen"])
    document = QPdfDocument(application)
    document.load(str(pdf))
    pages = []
    for number in range(document.pageCount()):
        size = document.pagePointSize(number) * 150 / 72
        path = folder / f"page{number}.png"
        document.render(number, QSize(round(size.width()), round(size.height()))).save(str(path))
        with Image.open(path) as page:
            flat = Image.new("RGB", page.size, "white")
            flat.paste(page, mask=page.getchannel("A") if page.mode == "RGBA" else None)
            pages.append(flat)
    return pages


if __name__ == "__main__":
    main()
