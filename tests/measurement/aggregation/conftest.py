"""Aggregates of discs with known contacts."""

import numpy as np
import pytest


@pytest.fixture
def discs():
    """Draw discs by their centres (row, column), of one radius or of one each."""

    def draw(places, radius, shape=(80, 200)):
        y, x = np.mgrid[: shape[0], : shape[1]]
        labels = np.zeros(shape, np.int32)
        for number, ((row, column), own) in enumerate(zip(places, np.broadcast_to(radius, len(places)), strict=True)):
            labels[np.hypot(y - row, x - column) <= own] = number + 1
        return labels

    return draw
