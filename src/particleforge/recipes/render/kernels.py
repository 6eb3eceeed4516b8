"""Compiled inner loops: the pixels a body covers, and the length of a beam inside it."""

import math

import numpy as np
import numpy.typing as npt

from particleforge.compiled import compiled

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@compiled()
def project(vertices: Doubles, faces: npt.NDArray[np.int32], top: Floats, bottom: Floats, thickness: Floats) -> None:
    """Cast rays along z through the centres of the pixels of a window; the centre of pixel (0, 0) is x = y = 0.5.

    Writes the highest and lowest z of a closed mesh and the length inside it. `top` must be filled with -inf, `bottom`
    with inf and `thickness` with 0.
    """
    height, width = top.shape
    for k in range(len(faces)):
        ax, ay, az = vertices[faces[k, 0]]
        bx, by, bz = vertices[faces[k, 1]]
        cx, cy, cz = vertices[faces[k, 2]]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        sign = np.float32(1.0) if area > 0 else np.float32(-1.0)
        first, last = max(0, math.ceil(min(ay, by, cy) - 0.5)), min(height - 1, math.floor(max(ay, by, cy) - 0.5))
        left, right = max(0, math.ceil(min(ax, bx, cx) - 0.5)), min(width - 1, math.floor(max(ax, bx, cx) - 0.5))
        for i in range(first, last + 1):
            y = i + 0.5
            for j in range(left, right + 1):
                x = j + 0.5
                wa = _side(bx, by, cx, cy, x, y) * sign
                wb = _side(cx, cy, ax, ay, x, y) * sign
                wc = _side(ax, ay, bx, by, x, y) * sign
                if not (_within(wa, bx, by, cx, cy, sign) and _within(wb, cx, cy, ax, ay, sign)):
                    continue
                if not _within(wc, ax, ay, bx, by, sign):
                    continue
                z = np.float32((wa * az + wb * bz + wc * cz) / (wa + wb + wc))
                top[i, j] = max(top[i, j], z)
                bottom[i, j] = min(bottom[i, j], z)
                thickness[i, j] += sign * z


@compiled(inline="always")
def _side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
    """Twice the signed area of the triangle of a, b and the point; exactly opposite if a and b are swapped."""
    if ax < bx or (ax == bx and ay < by):
        return (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    return -((ax - bx) * (y - by) - (ay - by) * (x - bx))


@compiled(inline="always")
def _within(weight: float, ax: float, ay: float, bx: float, by: float, sign: float) -> bool:
    """Whether a point is inside an edge; a point on the edge belongs to exactly one of the two triangles."""
    if weight != 0:
        return weight > 0
    dx, dy = (bx - ax) * sign, (by - ay) * sign
    return dy > 0 or (dy == 0 and dx < 0)
