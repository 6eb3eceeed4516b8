"""What a paper needs to state about a StarDist detector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.models.scaled_options import MAX_ENLARGEMENT
from particleforge.wording import plural

if TYPE_CHECKING:
    from particleforge.models.stardist.model import StarDistModel
    from particleforge.models.stardist.options import StarDistOptions

CITATION = "Schmidt et al., MICCAI 2018"


def describe_methods(name: str, model: StarDistModel, options: StarDistOptions) -> str:
    """Describe in sentences what the network is, how it was trained, and how it was used.

    Parameters
    ----------
    name
        Its name; empty if it has none.
    model
        The model; its provenance says how it was trained.
    options
        How it is used.
    """
    called = f"model {name}; " if name else ""
    parts = [
        f"Particles were found by a StarDist network ({called}{CITATION}).",
        *_training(model.provenance),
        f"The probability threshold was {_chosen(options.prob_thresh, model.prob_thresh):.2g}, the overlap limit of "
        f"non-maximum suppression (IoU) {_chosen(options.nms_thresh, model.nms_thresh):.2g}.",
        _scale(model, options),
    ]
    return " ".join(parts)


def _training(provenance: Mapping[str, Any]) -> Iterator[str]:
    """State what it was trained on."""
    if "training" not in provenance:
        yield "It was trained elsewhere."
        return
    annotated, held_out = len(provenance.get("real", ())), len(provenance.get("held_out", ()))
    particles, synthetic = provenance.get("particles"), provenance.get("synthetic", 0)
    start = Path(str(provenance["training"].get("start", ""))).name
    made = plural(synthetic, "synthetic image")
    sources = []
    if annotated:
        of_particles = f"{plural(particles, 'annotated particle')} of " if particles else ""
        sources.append(f"{of_particles}{plural(annotated, 'micrograph')}")
    if synthetic:
        sources.append(made if annotated else f"{made} only")
    begun = f", starting from the weights of {start}," if annotated and start not in ("", "scratch") else ""
    version = f" with ParticleForge {provenance['version']}" if "version" in provenance else ""
    yield f"It was trained{version}{begun} on {' and '.join(sources)}."
    if held_out:
        others = f"{held_out} further micrograph{' was' if held_out == 1 else 's were'}"
        yield f"{others} held out to choose the weights and thresholds."


def _scale(model: StarDistModel, options: StarDistOptions) -> str:
    """State how images are brought to the scale of the network."""
    if options.scale is not None:
        return f"Images were resized by {options.scale:.3g}."
    if options.diameter is not None:
        size = f"so that particles of about {options.diameter} measure about {model.target_px:.3g} px"
        return f"Images were resized {size}, but enlarged at most {MAX_ENLARGEMENT:g} times."
    by_size = model.pixel_size_nm is not None
    if by_size:
        known = f"by their pixel size (factor {model.working_scale:.3g} at {model.pixel_size_nm:.3g} nm)"
    scales = model.search_scales
    if scales:
        tried = f"by the most plausible of {len(scales)} factors from {min(scales):.2g} to {max(scales):.2g}"
        return f"Images were resized {f'{known}, or without one ' if by_size else ''}{tried}."
    return f"Images were resized {known}." if by_size else f"Images were resized by {model.working_scale:.3g}."


def _chosen(given: float | None, own: float) -> float:
    return own if given is None else given
