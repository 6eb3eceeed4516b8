"""What was found, in sentences; no Qt here."""

from collections.abc import Mapping
from typing import Any

from particleforge.measurement.certainty import SURE, certainty_words, unsure
from particleforge.store.particle_files import Origin
from particleforge.wording import named, plural


def found_words(origins: Mapping[str, Origin]) -> str:
    """State what was found in images, and how certain it is; empty without images.

    Parameters
    ----------
    origins
        Where the particles of each image are from, by its name.
    """
    if not origins:
        return ""
    total = sum(origin.count for origin in origins.values())
    where = f"{len(origins)} images" if len(origins) > 1 else next(iter(origins))
    if not total:
        return f"No particles were found in {where}. Enter their typical diameter, or teach the detector."
    stated = {name: dict(origin.finding) for name, origin in origins.items() if not origin.checked}
    lines = [f"{plural(total, 'particle')} in {where}{_certainty(stated)}."]
    if empty := [name for name, origin in origins.items() if not origin.count]:
        lines.append(f"None in {named(empty)}.")
    return " ".join([*lines, *(unsure(stated) if len(origins) > 1 else _doubts(stated))])


def doubtful(origins: Mapping[str, Origin]) -> bool:
    """Whether a detector is not certain of what it found, or an image is unlike those it was trained on."""
    return any(_doubtful(origin.finding) for origin in origins.values() if not origin.checked)


def corrections_words(names: list[str]) -> str:
    """State which images hold corrections."""
    return f"{named(names)} {'holds' if len(names) == 1 else 'hold'} corrections:"


def _doubtful(finding: Mapping[str, Any]) -> bool:
    certainty = finding.get("certainty")
    return bool(finding.get("unlike_training")) or (certainty is not None and certainty < SURE)


def _certainty(stated: Mapping[str, Mapping[str, Any]]) -> str:
    if len(stated) == 1:
        words = [part for part in certainty_words(next(iter(stated.values()))) if not part.startswith("unlike")]
        return "".join(f", {part}" for part in words)
    known = [entry["certainty"] for entry in stated.values() if entry.get("certainty") is not None]
    if not known:
        return ""
    low, high = f"{min(known):.2f}", f"{max(known):.2f}"
    return f", certainty {low}" if low == high else f", certainty {low} to {high}"


def _doubts(stated: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Advice for a single image, whose certainty is given already."""
    lines = []
    for entry in stated.values():
        if entry.get("unlike_training"):
            lines.append("The image is unlike anything the detector was trained on.")
        if _doubtful(entry):
            lines.append("Check the particles it found.")
    return lines
