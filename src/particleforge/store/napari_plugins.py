"""Image files that only a napari plugin of the user can read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from particleforge.errors import UserError
from particleforge.micrograph import unit_nm
from particleforge.store.pixels import Pixels
from particleforge.store.readers._raw import known_size
from particleforge.store.readers._several import on_others
from particleforge.store.source import Source

if TYPE_CHECKING:
    from npe2 import PluginManager

OUR_OWN, BUILT_IN = "napari-particleforge", "napari"
NEXT_TO_IMAGES = {".csv", ".tsv", ".txt", ".json", ".xml", ".hdr", ".html", ".py"}
"""Suffixes of files in a folder that are not images, although a plugin may read them."""
_LETTERS = {"t": "T", "time": "T", "z": "Z", "y": "Y", "x": "X", "c": "C", "channel": "C"}


def plugins_for(path: Path) -> list[str]:
    """Names of the installed plugins that claim to read a file, napari itself last, without ParticleForge."""
    manager = _manager()
    found = {} if manager is None else {one.plugin_name for one in manager.iter_compatible_readers([str(path)])}
    return sorted({*found} - {OUR_OWN}, key=lambda name: (name == BUILT_IN, name))


def in_folders(path: Path) -> bool:
    """Whether a file in a folder is an image by its suffix, which a plugin other than napari itself names."""
    suffix = path.suffix.lower()
    if not suffix or suffix in NEXT_TO_IMAGES or (manager := _manager()) is None:
        return False
    manifests = (one for one in manager.iter_manifests(disabled=False) if one.name not in (OUR_OWN, BUILT_IN))
    readers = (reader for one in manifests for reader in one.contributions.readers or ())
    return any(f"*{suffix}" == pattern.lower() for reader in readers for pattern in reader.filename_patterns)


def open(path: Path) -> Source:
    """Open the first image that a plugin finds in a file, with its scale and units.

    Raises
    ------
    UserError
        If no plugin can read it.
    """
    import npe2

    problems = []
    for plugin in plugins_for(path):
        try:
            layers = npe2.read([str(path)], stack=False, plugin_name=plugin)
            images = [_Layer.of(layer, plugin) for layer in layers if len(layer) < 3 or layer[2] == "image"]
            series = [partial(_source, path, image, i, len(images)) for i, image in enumerate(images, start=1)]
            if series:
                return replace(series[0](), series=series if len(series) > 1 else ())
            problems.append(f"{plugin}: no image in it")
        except Exception as error:  # noqa: BLE001 - the plugin may do anything
            problems.append(f"{plugin}: {str(error) or type(error).__name__}")
    raise UserError(f"No napari plugin can read {path} ({'; '.join(problems)}).", "Save it as TIFF.")


@dataclass(frozen=True)
class _Layer:
    """An image as a plugin gives it."""

    pixels: Pixels
    about: Mapping[str, Any]
    plugin: str

    @classmethod
    def of(cls, layer: Sequence[Any], plugin: str) -> "_Layer":
        """From what a plugin returns: pixels, those of several resolutions, or pixels with arguments for a layer."""
        about = layer[1] if len(layer) > 1 else {}
        several = about.get("multiscale") or isinstance(layer[0], (list, tuple))
        data = layer[0][0] if several else layer[0]
        return cls(data if hasattr(data, "dtype") else np.asarray(data), about, plugin)

    @property
    def axes(self) -> str:
        """One letter per axis of the pixels: from their labels, else time and depth before height and width."""
        count, shape, channel = len(self.pixels.shape), self.pixels.shape, self.about.get("channel_axis")
        if self.about.get("rgb", count > 2 and channel is None and shape[-1] in (3, 4) and min(shape[-3:-1]) > 4):
            channel = -1
        sides = count - (channel is not None)
        labels = [_LETTERS.get(str(label).lower(), "") for label in self.about.get("axis_labels") or ()]
        named = "".join(labels) if len(labels) == sides and all(labels) else ("TZ"[: sides - 2] + "YX")[-sides:]
        if channel is None:
            return named
        at = channel % count
        return named[:at] + "C" + named[at:]

    def steps(self) -> list[tuple[float, str]]:
        """Step along Y and X, each with its unit."""
        axes = self.axes.replace("C", "")
        scale = [1.0] * len(axes) if self.about.get("scale") is None else [float(one) for one in self.about["scale"]]
        units = self.about.get("units") or ""
        named = [str(unit) for unit in units] if isinstance(units, (list, tuple)) else [str(units)] * len(axes)
        return [(abs(scale[axes.index(side) - len(axes)]), named[axes.index(side) - len(axes)]) for side in "YX"]


def _source(path: Path, layer: _Layer, number: int, count: int) -> Source:
    """Source of one of the images of a file, by its number."""
    (y, unit), (x, other) = layer.steps()
    size = known_size(y * (unit_nm(unit) or 0.0), x * (unit_nm(other) or 0.0))
    bare = () if size or (y, x) == (1, 1) else (f"The scale {x:g} has no unit of length: no pixel size.",)
    name = str(layer.about.get("name") or " x ".join(map(str, layer.pixels.shape)))
    remarks = (f"Read by the napari plugin {layer.plugin}.", *on_others(number, count, name))
    return Source.of(layer.pixels, layer.axes, path, pixel_size_nm=size, remarks=remarks, size_remarks=bare)


@cache
def _manager() -> "PluginManager | None":
    """Plugins that are installed; None without napari's plugin engine."""
    try:
        from npe2 import PluginManager
    except ImportError:
        return None
    manager = PluginManager.instance()
    manager.discover()
    return manager
