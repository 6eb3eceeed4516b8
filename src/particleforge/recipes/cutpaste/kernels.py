"""Compiled inner loops: rotate a cutout, lay patches."""

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Floats = npt.NDArray[np.float32]


@compiled()
def turn(pixels: Floats, alpha: Floats, matrix: npt.NDArray[np.float64], out_pixels: Floats, out_alpha: Floats) -> None:
    """Resample a cutout bilinearly through `matrix` (2 x 2, out -> in) around both centres."""
    height, width = pixels.shape
    cy, cx = (height - 1) / 2, (width - 1) / 2
    oy, ox = (out_pixels.shape[0] - 1) / 2, (out_pixels.shape[1] - 1) / 2
    for i in range(out_pixels.shape[0]):
        for j in range(out_pixels.shape[1]):
            y = matrix[0, 0] * (i - oy) + matrix[0, 1] * (j - ox) + cy
            x = matrix[1, 0] * (i - oy) + matrix[1, 1] * (j - ox) + cx
            if y < 0 or x < 0 or y > height - 1 or x > width - 1:
                out_pixels[i, j] = 0
                out_alpha[i, j] = 0
                continue
            y0, x0 = min(int(y), height - 2), min(int(x), width - 2)
            fy, fx = np.float32(y - y0), np.float32(x - x0)
            w00, w01, w10, w11 = (1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx
            out_alpha[i, j] = (
                w00 * alpha[y0, x0] + w01 * alpha[y0, x0 + 1] + w10 * alpha[y0 + 1, x0] + w11 * alpha[y0 + 1, x0 + 1]
            )
            out_pixels[i, j] = (
                w00 * pixels[y0, x0]
                + w01 * pixels[y0, x0 + 1]
                + w10 * pixels[y0 + 1, x0]
                + w11 * pixels[y0 + 1, x0 + 1]
            )


@compiled()
def lay_patches(
    image: Floats,
    corners: npt.NDArray[np.int64],
    turns: npt.NDArray[np.int64],
    window: Floats,
    columns: int,
    total: Floats,
    power: Floats,
) -> None:
    """Add windowed patches of an image, rotated (0-3) and mirrored (4-7), minus their means, on a grid half as wide.

    Patch i is read at ``corners[i]`` and laid at row i // columns and column i % columns of the grid.
    """
    side = len(window)
    step = max(side // 2, 1)
    for i in range(len(corners)):
        top, left = corners[i, 0], corners[i, 1]
        summed = 0.0
        for y in range(side):
            for x in range(side):
                summed += image[top + y, left + x]
        mean = np.float32(summed / (side * side))
        turn = turns[i]
        for y in range(side):
            for x in range(side):
                u, v = y, x
                if turn >= 4:
                    v = side - 1 - v
                for _ in range(turn % 4):
                    u, v = v, side - 1 - u
                weight = window[y, x]
                row, column = (i // columns) * step + y, (i % columns) * step + x
                total[row, column] += weight * (image[top + u, left + v] - mean)
                power[row, column] += weight * weight
