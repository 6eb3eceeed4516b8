"""Arrays in, tables out: what notebooks call in addition to the verbs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import numpy.typing as npt

from particleforge.mask import WholeLabels
from particleforge.measurement.aggregation.table import measure_aggregates as measured_aggregates
from particleforge.measurement.particles import measure_particles as measured_particles
from particleforge.measurement.rules import Rules
from particleforge.measurement.statistics.bootstrap import Precision
from particleforge.measurement.statistics.describe import Description, describe
from particleforge.measurement.statistics.sizes import Sizes
from particleforge.micrograph import Micrograph, parse_length_nm
from particleforge.models.detections import Detections
from particleforge.models.opening import open_model
from particleforge.models.roles import Detector, Estimator, Model
from particleforge.recipes.any import read_recipe
from particleforge.recipes.recipe import Drawn, Recipe
from particleforge.sample import Sample, Samples
from particleforge.store import micrographs
from particleforge.store.dataset import Dataset
from particleforge.store.selection import Selection

if TYPE_CHECKING:
    import pandas as pd


@overload
def load_model(name: str | Path, role: Literal["detector"] = ...) -> Detector[Any]: ...
@overload
def load_model(name: str | Path, role: Literal["estimator"]) -> Estimator: ...
def load_model(name: str | Path, role: Literal["detector", "estimator"] = "detector") -> Model:
    """Load a model.

    Parameters
    ----------
    name
        Folder of a trained model, or the name of a bundled one, for example ``base``.
    role
        Role of the model: a detector finds particles with its method `detect`, an estimator estimates parameters of a
        recipe with its method `estimate`.

    Raises
    ------
    UserError
        If there is no such model, it has another role, or a file is missing or broken.

    Examples
    --------
    >>> import particleforge as pf
    >>> sample = pf.draw("shapes", seed=1)[0]
    >>> found = pf.load_model("base").detect(sample.micrograph)
    >>> found.labels.shape
    (256, 256)
    >>> bool((found.scores > 0.4).all())
    True
    """
    return open_model(name, role)


def measure_particles(
    labels: npt.ArrayLike | Detections,
    image: npt.ArrayLike | Micrograph | None = None,
    pixel_size: str | None = None,
    rules: Rules = Rules(),
    name: str = "",
) -> pd.DataFrame:
    """Measure every particle of a label image.

    Parameters
    ----------
    labels
        (Y, X) ids of any integer type, 0 = background; or the detections of a detector, with their scores.
    image
        (Y, X) grey values, for the intensities of the particles, and to leave out a burnt-in data bar; None: no image.
    pixel_size
        Side of a pixel with its unit, such as ``"0.5 nm"``; None: that of `image` if it is a `Micrograph`. If it
        is unknown, there are no columns in nm.
    rules
        Which particles count, and with which weight.
    name
        Value of the column ``image``; empty: the name of `image`, if it has one.

    Returns
    -------
    pandas.DataFrame
        One row per id; for the columns see `particleforge.measurement.columns`.

    Raises
    ------
    UserError
        If `labels` is not 2D, not of integer type or has negative ids, if `image` has another shape, or `pixel_size` is
        not a length.

    Examples
    --------
    >>> import numpy as np
    >>> import particleforge as pf
    >>> labels = np.zeros((20, 30), int)
    >>> labels[5:15, 5:15] = 1
    >>> labels[5:15, 18:28] = 2
    >>> table = pf.measure_particles(labels, pixel_size="0.5 nm")
    >>> table[["label", "area_px2", "area_nm2"]]
       label  area_px2  area_nm2
    0      1     100.0      25.0
    1      2     100.0      25.0
    """
    ids, shown, size = _given(labels, image, pixel_size)
    grey = None if shown is None else shown.grey_or_nan
    return measured_particles(
        WholeLabels(ids, labels.whole_masks if isinstance(labels, Detections) else {}),
        image=name or (shown.name if shown else ""),
        pixel_size_nm=size,
        intensity=grey,
        scores=dict(enumerate(map(float, labels.scores), start=1)) if isinstance(labels, Detections) else None,
        rules=rules,
        rows=rules.rows(grey),
    )


def measure_aggregates(
    labels: npt.ArrayLike | Detections,
    table: pd.DataFrame,
    image: npt.ArrayLike | Micrograph | None = None,
    pixel_size: str | None = None,
    rules: Rules = Rules(),
) -> pd.DataFrame:
    """Measure the aggregates that the particles of a label image form.

    Parameters
    ----------
    labels, image, pixel_size, rules
        As given to `measure_particles`.
    table
        What it returned.

    Returns
    -------
    pandas.DataFrame
        One row per aggregate; see `particleforge.measurement.aggregation.table.measure_aggregates`.

    Examples
    --------
    >>> import numpy as np
    >>> import particleforge as pf
    >>> labels = np.zeros((20, 30), int)
    >>> labels[5:15, 5:15] = 1
    >>> labels[5:15, 16:26] = 2
    >>> table = pf.measure_particles(labels)
    >>> pf.measure_aggregates(labels, table)[["aggregate", "particles", "coordination", "area_px2"]]
       aggregate  particles  coordination  area_px2
    0          1          2           1.0     200.0
    """
    ids, shown, size = _given(labels, image, pixel_size)
    rows = rules.rows(None if shown is None else shown.grey_or_nan)
    every = WholeLabels(ids, labels.whole_masks if isinstance(labels, Detections) else {})
    return measured_aggregates(every, table, rules=rules, rows=rows, pixel_size_nm=size)


def size_distribution(table: pd.DataFrame, rules: Rules = Rules(), precision: Precision = Precision()) -> Description:
    """Describe the size distribution of a particle table.

    Parameters
    ----------
    table
        Table from `measure_particles`, or the concatenated tables of several images.
    rules
        The rules with which the table was made; they also name the size.
    precision
        Precision of the intervals.

    Returns
    -------
    Description
        Count, figures with their intervals and fits, in nm if all pixel sizes are known, else in px. Its method
        `table` returns the figures as a table.

    Examples
    --------
    >>> import particleforge as pf
    >>> samples = pf.draw("shapes", count=2, seed=1)
    >>> tables = [pf.measure_particles(sample.labels, name=sample.name) for sample in samples]
    >>> import pandas as pd
    >>> sizes = pf.size_distribution(pd.concat(tables))
    >>> sizes.unit
    'px'
    >>> median = sizes.figures["number"]["d50"]
    >>> median.low < median.value < median.high
    True
    """
    return describe(Sizes.of(table, rules), precision)


def draw(recipe: Recipe | str | Path, count: int = 1, seed: int = 0, sources: Sequence[Sample] = ()) -> Samples:
    """Draw samples of a recipe in memory; `synthesize` writes them to a dataset.

    Parameters
    ----------
    recipe
        A recipe, or what `read_recipe` takes.
    count
        Number of samples.
    seed
        Sample number i of a recipe is always the same for the same seed.
    sources
        Annotated micrographs, for recipes that use annotated particles.

    Returns
    -------
    Samples
        A sequence; each sample is drawn on access.

    Examples
    --------
    >>> import particleforge as pf
    >>> sample = pf.draw("shapes", count=3, seed=1)[2]
    >>> sample.name, sample.labels.shape
    ('000002', (256, 256))
    """
    chosen = recipe if isinstance(recipe, Recipe) else read_recipe(str(recipe))
    return Drawn(chosen, chosen.prepare(sources), seed, count)


def open_dataset(path: str | Path) -> Dataset:
    """Open a dataset written by `synthesize` or `import`.

    Parameters
    ----------
    path
        Its folder, ``NAME.zarr``.

    Returns
    -------
    Dataset
        A sequence of samples, each read on access.

    Raises
    ------
    UserError
        If there is no dataset, it is broken, or it was written by a newer version.

    Examples
    --------
    >>> import particleforge as pf
    >>> written = pf.synthesize("shapes", "shapes.zarr", params=pf.SynthesizeParams(count=2))
    >>> len(pf.open_dataset("shapes.zarr"))
    2
    """
    return Dataset.open(Path(path))


def read_micrograph(
    path: str | Path,
    pixel_size: str | None = None,
    page: int | None = None,
    series: int | None = None,
    channel: int | None = None,
) -> Micrograph:
    """Read an image or a stack with its pixel size.

    Parameters
    ----------
    path
        TIFF, PNG, JPEG, OME-Zarr, or a microscope format such as DM4.
    pixel_size
        Side of a pixel with its unit, such as ``"0.5 nm"``; None: that of the file.
    page, series, channel
        Which part of the file is read, counted from 1; None: the whole of its largest image.

    Raises
    ------
    UserError
        If it cannot be read, has no such part, or `pixel_size` is not a length.

    Examples
    --------
    >>> import numpy as np
    >>> import tifffile
    >>> import particleforge as pf
    >>> tifffile.imwrite("image.tif", np.zeros((20, 30), np.uint8))
    >>> micrograph = pf.read_micrograph("image.tif", pixel_size="0.5 nm")
    >>> micrograph.name, micrograph.shape, micrograph.pixel_size_nm
    ('image', (20, 30), (0.5, 0.5))
    """
    selection = Selection.parse({"page": page, "series": series, "channel": channel})
    return Micrograph.of(micrographs.read_micrograph(Path(path), selection), pixel_size)


def _given(
    labels: npt.ArrayLike | Detections, image: npt.ArrayLike | Micrograph | None, pixel_size: str | None
) -> tuple[npt.NDArray[Any], Micrograph | None, float | None]:
    """Return ids, image and side of a pixel in nm, of what `measure_particles` is given."""
    ids = labels.labels if isinstance(labels, Detections) else np.asarray(labels)
    if image is None:
        return ids, None, None if pixel_size is None else parse_length_nm(pixel_size)
    shown = Micrograph.of(image, pixel_size)
    return ids, shown, shown.square_pixel_size_nm
