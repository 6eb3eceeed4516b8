"""The paragraph on methods that a paper needs, from what is recorded of a measurement."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import metadata
from typing import TYPE_CHECKING, Any

from particleforge.measurement.columns import SIZES
from particleforge.measurement.rules import Rules
from particleforge.measurement.uncertainty.sampling import DRAWN
from particleforge.measurement.uncertainty.uncertainty import Uncertainty
from particleforge.wording import joined, plural

if TYPE_CHECKING:
    import pandas as pd


def methods(
    table: "pd.DataFrame",
    rules: Rules,
    uncertainty: Uncertainty,
    provenance: Mapping[str, Any],
    images: Mapping[str, Mapping[str, Any]],
    excluded: int = 0,
) -> str:
    """Describe a measurement in plain English.

    Parameters
    ----------
    table
        The particles.
    rules
        The rules with which the table was made.
    uncertainty
        Uncertainty of the figures of their sizes.
    provenance
        As recorded with results; ``method`` holds the sentences of the detector.
    images
        Entries of the images in the summary, by name: their pixel sizes, data bars and remarks.
    excluded
        Number of further images that are not pooled.
    """
    params = provenance.get("params", {})
    parts = [
        str(provenance.get("method") or "Particles were outlined beforehand; their label images were measured."),
        *_scale(images),
        *_left_out(rules, provenance, images),
        *_counts(table, rules, images),
        *_excluded(rules, excluded),
        *_pixel_size(params, images),
        *_sizes(rules, uncertainty, params),
        f"All measurements were made with ParticleForge {version(provenance)} ({citation(provenance)}).",
    ]
    return " ".join(parts)


def version(provenance: Mapping[str, Any]) -> str:
    """Version of this package that measured."""
    return str(provenance.get("version") or metadata("napari-particleforge")["Version"])


def citation(provenance: Mapping[str, Any]) -> str:
    """Cite this package."""
    return f"{metadata('napari-particleforge')['Author']}: ParticleForge, version {version(provenance)}, software"


def _scale(images: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """State by how much images were resized for the detector, if it did so."""
    if scales := [entry["working_scale"] for entry in images.values() if "working_scale" in entry]:
        yield f"The factor used (working scale) was {_span(scales)}."


def _left_out(rules: Rules, provenance: Mapping[str, Any], images: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """State what of the images is not specimen."""
    bars = sum(entry.get("rows") is not None for entry in images.values())
    if bars:
        yield f"Burnt-in data bars of {plural(bars, 'image')} were left out; their edge is the border of the image."
    if rules.burnt_in == "leave_out" and provenance.get("command") == "measure":
        yield "Burnt-in scale bars and their letters, where there were any, were left out."


def _counts(table: "pd.DataFrame", rules: Rules, images: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """State how many particles count, and by which rules."""
    number = len(images) or table["image"].nunique()
    counted = int((table["weight"] > 0).sum())
    yield f"Of {plural(len(table), 'particle')} in {plural(number, 'image')}, {counted} were counted."
    yield rules.border.sentence
    if rules.smallest_px:
        yield f"Particles with an equal-area diameter below {rules.smallest_px:g} px were not counted."
    if rules.largest_px is not None:
        yield f"Particles with an equal-area diameter above {rules.largest_px:g} px were not counted."


def _excluded(rules: Rules, excluded: int) -> Iterator[str]:
    """State how many images are not pooled, and why."""
    if excluded:
        yield (
            f"{plural(excluded, 'further image')} {'was' if excluded == 1 else 'were'} excluded: blank, or with a "
            f"certainty of the detector below {rules.least_certainty:g}."
        )


def _pixel_size(params: Mapping[str, Any], images: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """State the size of a pixel, and who gave it."""
    sizes = [entry["pixel_size_nm"] for entry in images.values()]
    known = [size for size in sizes if size is not None]
    if params.get("pixel_size"):
        yield f"The pixel size of all images was given as {params['pixel_size']}."
    elif known:
        given = any(one.startswith("Pixel size") for entry in images.values() for one in entry.get("remarks", ()))
        source = "given for the images" if given else "read from the image files"
        yield f"The pixel size, {_span(known)} nm, was {source}."
    unknown = len(sizes) - len(known)
    if unknown and not params.get("pixel_size"):
        yield f"The pixel size of {plural(unknown, 'image')} is unknown."


def _sizes(rules: Rules, uncertainty: Uncertainty, params: Mapping[str, Any]) -> Iterator[str]:
    """Define the size of a particle, and the intervals."""
    size = SIZES[rules.size]
    meaning = f"{size.meaning[:1].lower()}{size.meaning[1:]}".rstrip(".")
    yield f"The size of a particle is its {size.title} ({meaning}), given in {uncertainty.unit}."
    combined = uncertainty.budgets["geometric_mean"].combined
    if combined is None:
        return
    resamples = params.get("precision", {}).get("resamples")
    drawn = DRAWN[uncertainty.sampling.resampled]
    count = f"{resamples} resamples of {drawn}" if resamples else f"resampled {drawn}"
    bootstrap = f"{uncertainty.confidence_percent:g} % bootstrap intervals from {count}"
    standards = {one.title.lower(): one.standard("geometric_mean") or 0 for one in uncertainty.further}
    further = [f"{title} (standard uncertainty {100 * u:.2g} %)" for title, u in standards.items() if u]
    if further:
        yield (
            f"The interval of the geometric mean combines {joined([f'sampling ({bootstrap})', *further])} as "
            f"independent components (JCGM 100:2008); its expanded uncertainty is "
            f"{100 * uncertainty.factor * combined:.2g} % (k = {uncertainty.factor:.3g}). Those of the GSD, D10, D50 "
            "and D90 are formed alike."
        )
    else:
        yield f"Intervals are {bootstrap}."
    if missing := [f"{one.title.lower()} ({one.method})" for one in uncertainty.missing]:
        yield f"Not included in intervals: {joined(missing)}."


def _span(values: Sequence[float]) -> str:
    """Format numbers by the smallest and the largest."""
    low, high = f"{min(values):.4g}", f"{max(values):.4g}"
    return low if low == high else f"{low} to {high}"
