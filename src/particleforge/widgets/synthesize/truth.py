"""What is known of every particle, as features of a labels layer."""

import weakref
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from particleforge.store.dataset import Dataset
from particleforge.store.rows import unpack_truth
from particleforge.widgets.proxies import plain

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Labels
    from napari.utils.events import Event

LEFT_OUT = ("amodal_rle",)
"""Columns a person cannot read."""


def truth_features(truth: pd.DataFrame | None, highest: int) -> pd.DataFrame | None:
    """Table with a row for every id from 0 (background), as napari's features need it.

    Parameters
    ----------
    truth
        A row per particle.
    highest
        Smallest last id of the table.
    """
    if truth is None:
        return None
    known = truth.drop(columns=[name for name in LEFT_OUT if name in truth])
    rows = pd.RangeIndex(max(highest, int(known["label"].max()) if len(known) else 0) + 1)
    return known.set_index("label").reindex(rows).reset_index(names="label")


def follow_truth(viewer: "Viewer", layer: "Labels", dataset: Dataset) -> None:
    """Keep the features of a labels layer those of the sample shown, as long as the layer exists.

    Parameters
    ----------
    viewer
        Whose slider chooses the sample.
    layer
        (sample, Y, X) labels of the dataset.
    dataset
        Where the truth is.
    """
    # Panels get proxies, which do not outlive them; the listener must not keep the viewer alive.
    known_viewer, known_layer = weakref.ref(plain(viewer)), weakref.ref(plain(layer))
    shown = -1

    def follow(_: object = None) -> None:
        nonlocal shown
        viewer, layer = known_viewer(), known_layer()
        if viewer is None or layer is None:
            return
        place = layer.world_to_data(viewer.dims.point)[0]
        number = int(np.clip(round(float(place)), 0, len(dataset) - 1))
        if number != shown:
            shown = number
            found = truth_features(unpack_truth(dataset.row(number)["truth"]), 0)
            layer.features = pd.DataFrame() if found is None else found

    def end(event: "Event") -> None:
        viewer = known_viewer()
        if viewer is not None and event.value is known_layer():
            viewer.dims.events.current_step.disconnect(follow)
            viewer.layers.events.removed.disconnect(end)

    viewer.dims.events.current_step.connect(follow)
    viewer.layers.events.removed.connect(end)
    follow()
