"""Compiled inner loops: test a position, paste, blur, smooth noise."""

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint32]


@compiled()
def is_free(labels: Labels, alpha: Floats, top: int, left: int) -> bool:
    """Whether no labelled pixel lies under the cutout (alpha >= 0.5) put at (top, left)."""
    for i in range(max(0, -top), min(alpha.shape[0], labels.shape[0] - top)):
        for j in range(max(0, -left), min(alpha.shape[1], labels.shape[1] - left)):
            if alpha[i, j] >= 0.5 and labels[top + i, left + j] != 0:
                return False
    return True


@compiled()
def inside_area(shape: tuple[int, int], alpha: Floats, top: int, left: int) -> int:
    """Pixels of the cutout (alpha >= 0.5) that lie in the frame."""
    count = 0
    for i in range(max(0, -top), min(alpha.shape[0], shape[0] - top)):
        for j in range(max(0, -left), min(alpha.shape[1], shape[1] - left)):
            if alpha[i, j] >= 0.5:
                count += 1
    return count


@compiled()
def keeps_visible(
    labels: Labels,
    alpha: Floats,
    top: int,
    left: int,
    visible: npt.NDArray[np.int64],
    needed: npt.NDArray[np.int64],
) -> bool:
    """Whether every particle below keeps its `needed` visible pixels if the cutout covers it; updates nothing."""
    covered = np.zeros(len(visible), np.int64)
    for i in range(max(0, -top), min(alpha.shape[0], labels.shape[0] - top)):
        for j in range(max(0, -left), min(alpha.shape[1], labels.shape[1] - left)):
            below = labels[top + i, left + j]
            if alpha[i, j] >= 0.5 and below != 0:
                covered[below] += 1
                if visible[below] - covered[below] < needed[below]:
                    return False
    return True


@compiled()
def slide_out(
    labels: Labels, alpha: Floats, start: tuple[float, float], towards: tuple[float, float], reach: int
) -> tuple[bool, int, int]:
    """Move a cutout from `start` (its centre) along a unit vector until it is free: it then touches what it overlapped.

    Steps of 4 px find the first free position; single pixels back from there find the nearest one.
    """
    step = 0
    while not _free_at(labels, alpha, start, towards, step)[0]:
        step += 4
        if step > reach:
            return False, 0, 0
    while step > 0 and _free_at(labels, alpha, start, towards, step - 1)[0]:
        step -= 1
    place: tuple[bool, int, int] = _free_at(labels, alpha, start, towards, step)
    return place


@compiled()
def _free_at(
    labels: Labels, alpha: Floats, start: tuple[float, float], towards: tuple[float, float], step: int
) -> tuple[bool, int, int]:
    """Whether the cutout is free `step` px from the start, and its top-left corner there."""
    top = round(start[0] + step * towards[0] - (alpha.shape[0] - 1) / 2)
    left = round(start[1] + step * towards[1] - (alpha.shape[1] - 1) / 2)
    return is_free(labels, alpha, top, left), top, left


@compiled()
def blur(image: Floats, weights: Floats) -> Floats:
    """Convolve along both axes with symmetric weights; border pixels are repeated outside."""
    height, width = image.shape
    radius = len(weights) // 2
    along = np.empty_like(image)
    for i in range(height):
        for j in range(width):
            along[i, j] = weights[radius] * image[i, j]
        for k in range(1, radius + 1):
            above, below = max(i - k, 0), min(i + k, height - 1)
            for j in range(width):
                along[i, j] += weights[radius + k] * (image[above, j] + image[below, j])
    out = np.empty_like(image)
    for i in range(height):
        for j in range(width):
            out[i, j] = weights[radius] * along[i, j]
        for k in range(1, radius + 1):
            for j in range(k, width - k):
                out[i, j] += weights[radius + k] * (along[i, j - k] + along[i, j + k])
            for j in range(min(k, width)):
                out[i, j] += weights[radius + k] * (along[i, 0] + along[i, min(j + k, width - 1)])
            for j in range(max(width - k, min(k, width)), width):
                out[i, j] += weights[radius + k] * (along[i, max(j - k, 0)] + along[i, width - 1])
    return out


@compiled()
def paste(
    image: Floats,
    labels: Labels,
    pixels: Floats,
    alpha: Floats,
    place: tuple[int, int],
    grey: tuple[float, float, float],
    visible: npt.NDArray[np.int64],
    label: int,
) -> None:
    """Blend in grey values (times gain plus offset, with an opacity), write the label, update the visible areas."""
    top, left = place
    gain, offset, opacity = np.float32(grey[0]), np.float32(grey[1]), np.float32(grey[2])
    for i in range(max(0, -top), min(alpha.shape[0], labels.shape[0] - top)):
        for j in range(max(0, -left), min(alpha.shape[1], labels.shape[1] - left)):
            a = alpha[i, j]
            if a <= 0:
                continue
            y, x = top + i, left + j
            image[y, x] += a * (pixels[i, j] * gain + offset - opacity * image[y, x])
            if a >= 0.5:
                visible[labels[y, x]] -= 1
                labels[y, x] = label
                visible[label] += 1


@compiled()
def spread(nodes: Floats, scale: float, offset: tuple[float, float], out: Floats, gain: float) -> None:
    """Add a quadratic B-spline surface with nodes every `scale` pixels to an image."""
    for i in range(out.shape[0]):
        y = i / scale + offset[0]
        row = int(y)
        fy = y - row - 0.5
        wy0, wy1, wy2 = 0.5 * (0.5 - fy) ** 2, 0.75 - fy * fy, 0.5 * (0.5 + fy) ** 2
        for j in range(out.shape[1]):
            x = j / scale + offset[1]
            column = int(x)
            fx = x - column - 0.5
            wx0, wx1, wx2 = 0.5 * (0.5 - fx) ** 2, 0.75 - fx * fx, 0.5 * (0.5 + fx) ** 2
            value = 0.0
            for step, weight in ((0, wy0), (1, wy1), (2, wy2)):
                line = nodes[row + step]
                value += weight * (wx0 * line[column] + wx1 * line[column + 1] + wx2 * line[column + 2])
            out[i, j] += np.float32(gain * value)
