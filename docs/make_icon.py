"""Draw the icon of the plugin: ``python docs/make_icon.py``."""

from pathlib import Path

from qtpy.QtCore import QByteArray
from qtpy.QtGui import QGuiApplication, QImage, QPainter
from qtpy.QtSvg import QSvgRenderer

from particleforge.widgets.bench.colours import CYAN, GREEN, ORANGE, YELLOW

OUT = Path(__file__).parents[1] / "src/particleforge/icon.png"
SIDE_PX = 256
PARTICLES = ((92, 88, 50, CYAN), (176, 118, 34, ORANGE), (108, 182, 36, GREEN), (188, 194, 22, YELLOW))
"""Centre x and y, radius and colour of the outline."""


def picture() -> str:
    """Return grey particles with their outlines, as SVG."""
    discs = "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="url(#ball)" stroke="{colour}" stroke-width="9"/>'
        for x, y, radius, colour in PARTICLES
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE_PX} {SIDE_PX}">'
        '<defs><radialGradient id="ball" cx="0.5" cy="0.5" r="0.5">'
        '<stop offset="0" stop-color="#d8d8d8"/><stop offset="1" stop-color="#8a8a8a"/></radialGradient></defs>'
        f'<rect width="{SIDE_PX}" height="{SIDE_PX}" rx="44" fill="#2b2e33"/>{discs}</svg>'
    )


def main() -> None:
    """Write the icon."""
    application = QGuiApplication([])
    image = QImage(SIDE_PX, SIDE_PX, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(picture().encode())).render(painter)
    painter.end()
    image.save(str(OUT))
    application.quit()


if __name__ == "__main__":
    main()
