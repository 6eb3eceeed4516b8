"""Drawn images of discs and of squares, easy to tell apart."""

import csv

import imageio.v3 as iio
import numpy as np
import pytest

SIDE = 64


def drawn(kind, seed):
    """An image with four particles of a kind, and its labels."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    labels = np.zeros((SIDE, SIDE), np.uint16)
    for number, (y, x) in enumerate([(17, 17), (17, 46), (46, 17), (46, 46)], start=1):
        y, x, radius = y + rng.uniform(-1, 1), x + rng.uniform(-1, 1), rng.uniform(6, 9)
        dy, dx = abs(rows - y), abs(columns - x)
        inside = np.hypot(dy, dx) <= radius if kind == "disc" else np.maximum(dy / 2.2, dx) <= radius / 2
        labels[inside] = number
    image = 60 + 120 * (labels > 0) + rng.normal(0, 8, labels.shape)
    return np.clip(image, 0, 255).astype(np.uint8), labels


@pytest.fixture
def folder(tmp_path):
    """An annotated folder with a table of classes: five images of discs and five of bars, of two groups each."""
    place = tmp_path / "annotated"
    for part in ("images", "labels"):
        (place / part).mkdir(parents=True)
    rows = []
    for kind in ("disc", "bar"):
        for number in range(5):
            image, labels = drawn(kind, number + 10 * (kind == "bar"))
            iio.imwrite(place / "images" / f"{kind}{number}.tif", image)
            iio.imwrite(place / "labels" / f"{kind}{number}.tif", labels)
            rows.append([f"{kind}{number}", kind, f"{kind} batch {number // 3}"])
    with (place / "classes.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["name", "class", "group"], *rows])
    return place
