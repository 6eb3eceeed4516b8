"""The truth for every particle."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from particleforge.outline import Outline, outline_of
from particleforge.recipes.render.engine.view import View
from particleforge.recipes.render.mesh import Mesh
from particleforge.recipes.render.scene import Body, Scene
from particleforge.store.rle import runs_of, to_text


def truth_table(scene: Scene, view: View) -> pd.DataFrame:
    """One row per particle, including those that are completely hidden.

    In addition to the usual columns: ``tilt_deg`` of the longest axis out of the image plane; ``rank``, 1 = centre in
    front of all others; ``amodal_rle``, the pixels it would cover if nothing hid it, as COCO run lengths.
    """
    bodies, size = scene.bodies, scene.pixel_size_nm
    count = len(bodies)
    middles = np.array([body.mesh.centroid for body in bodies]).reshape(-1, 3)
    ferets = np.array([body.mesh.ferets for body in bodies]).reshape(-1, 2)
    axes = np.array([_long_axis(body.mesh) for body in bodies]).reshape(-1, 3)
    areas = np.array([body.silhouette.mask.sum() for body in bodies])
    visible = np.bincount(view.labels.ravel(), minlength=count + 1)[1:]
    rank = np.empty(count, int)
    rank[np.argsort(-middles[:, 2], kind="stable")] = np.arange(1, count + 1)
    columns = {
        "label": np.arange(1, count + 1, dtype=np.uint32),
        "class": [body.name for body in bodies],
        "x_px": middles[:, 0] - 0.5,
        "y_px": middles[:, 1] - 0.5,
        "x_nm": middles[:, 0] * size,
        "y_nm": middles[:, 1] * size,
        "z_nm": middles[:, 2] * size,
        "diameter_px": [body.diameter_px for body in bodies],
        "diameter_nm": [body.diameter_px * size for body in bodies],
        "feret_max_px": ferets[:, 0],
        "feret_min_px": ferets[:, 1],
        "feret_max_nm": ferets[:, 0] * size,
        "feret_min_nm": ferets[:, 1] * size,
        "orientation_deg": np.degrees(np.arctan2(axes[:, 1], axes[:, 0])) % 180,
        "tilt_deg": np.degrees(np.arcsin(np.abs(axes[:, 2]))),
        "visible_fraction": np.minimum(visible / np.maximum(areas, 1), 1.0),
        "rank": rank,
        "material": [body.material.name for body in bodies],
        "cluster": [body.cluster for body in bodies],
        "amodal_rle": [to_text(runs_of(_covered(body, scene.shape), int(np.prod(scene.shape)))) for body in bodies],
    }
    return pd.DataFrame(columns)


def outlines(scene: Scene, visible: Iterable[float]) -> tuple[Outline, ...]:
    """Whole outlines of the particles; one that is too thin to cover the centre of any pixel has none.

    Parameters
    ----------
    scene
        The particles.
    visible
        Visible fraction of each.
    """
    return tuple(
        Outline(label, outline_of(body.silhouette.mask, body.silhouette.corner), fraction)
        for label, (body, fraction) in enumerate(zip(scene.bodies, visible, strict=True), 1)
        if body.silhouette.mask.any()
    )


def _long_axis(mesh: Mesh) -> npt.NDArray[np.float64]:
    """Direction in which the spread of the surface points is largest."""
    points = mesh.extremes - mesh.extremes.mean(0)
    return np.asarray(np.linalg.eigh(points.T @ points)[1][:, -1], float)


def _covered(body: Body, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Sorted positions, column by column, of the image pixels that a body would cover alone."""
    image, window = body.silhouette.overlap(shape)
    columns, rows = np.nonzero(body.silhouette.mask[window].T)
    return np.asarray((columns + image[1].start) * shape[0] + rows + image[0].start, np.int64)
