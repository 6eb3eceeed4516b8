"""Relative error of the geometric mean of the sizes."""

from collections.abc import Sequence

from particleforge.quality.metric import Judged

TITLE = "Error of the geometric mean of the equal-area diameter in percent"


def compute(images: Sequence[Judged]) -> float | None:
    """Return the relative error of the geometric mean in percent.

    Sizes are in nm if all pixel sizes are known, else in px. Particles count according to the default rule for the
    border. None if no true or no found particle counts.
    """
    true, found = (_geometric_mean(images, which) for which in (0, 1))
    return None if true is None or found is None else 100 * (found / true - 1)


def _geometric_mean(images: Sequence[Judged], which: int) -> float | None:
    import pandas as pd

    from particleforge.measurement.distribution import size_statistics

    if not images:
        return None
    unit = "px" if any(image.pixel_size_nm is None for image in images) else "nm"
    table = pd.concat([image.tables[which] for image in images])
    counted = table[table["weight"] > 0]
    if not len(counted):
        return None
    found = size_statistics(counted[f"ecd_{unit}"].to_numpy(float), counted["weight"].to_numpy(float))
    return float(found["geometric_mean"])
