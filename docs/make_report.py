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
HEIGHT_PX = 1300


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(SPHERES / "more", "spheres")
        measured = sizes("spheres/labels", "results", SizesParams(image_pdfs=True), "spheres/images")
        pages = rendered(measured.out / "reports" / "spheres_1.pdf", Path(folder))
    pages[0] = pages[0].resize((round(pages[0].width * HEIGHT_PX / pages[0].height), HEIGHT_PX))
    right = Image.new("RGB", (max(page.width for page in pages[1:]), sum(page.height for page in pages[1:])), "white")
    top = 0
    for page in pages[1:]:
        right.paste(page, (0, top))
        top += page.height
    right = right.resize((round(right.width * HEIGHT_PX / right.height), HEIGHT_PX))
    whole = Image.new("RGB", (pages[0].width + right.width, HEIGHT_PX), "white")
    whole.paste(pages[0])
    whole.paste(right, (pages[0].width, 0))
    whole.quantize(128).save(PICTURE, optimize=True)


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
