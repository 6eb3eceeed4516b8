"""Make the README's figure from the demo's results.

``particleforge demo --out demo-out``, then ``python docs/make_figure.py demo-out/1/results``.
"""

import argparse
from pathlib import Path

from PIL import Image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    with Image.open(parser.parse_args().results / "figures" / "spheres_1.png") as figure:
        figure.convert("RGB").quantize(128).save(Path(__file__).parent / "images" / "figure.png", optimize=True)


if __name__ == "__main__":
    main()
