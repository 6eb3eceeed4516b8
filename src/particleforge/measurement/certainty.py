"""How certain a detector is of an image, in words."""

from collections.abc import Mapping
from typing import Any

from particleforge.wording import listed

SURE = 0.8
"""Above 0.9 a detector was right on most micrographs, below 0.7 on none; see docs/models.md."""


def certainty_words(entry: Mapping[str, Any]) -> list[str]:
    """Return what a detector states about its result for an image, in a few words each; none if it states nothing.

    Parameters
    ----------
    entry
        Data on the detection: ``certainty`` (0 to 1), ``expected_f1`` with ``value``, ``low`` and ``high``, and
        ``unlike_training``, each only if it is known.
    """
    sure, expected = entry.get("certainty"), entry.get("expected_f1")
    lines = [] if sure is None else [f"certainty {sure:.2f}"]
    if expected:
        low, high = expected["low"], expected["high"]
        lines.append(f"expected F1 {expected['value']:.2f}, 80 % between {low:.2f} and {high:.2f}")
    return [*lines, "unlike the training images"] if entry.get("unlike_training") else lines


def unsure(images: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Warn of images with a low certainty of the detector, and of those unlike its training images.

    Parameters
    ----------
    images
        Their entries in the summary, by name; see `certainty_words`.
    """
    doubted = sorted(
        (sure, name) for name, entry in images.items() if (sure := entry.get("certainty")) is not None and sure < SURE
    )
    lines = []
    if doubted:
        named = listed([f"{name} ({_doubt(images[name])})" for _, name in doubted])
        lines.append(f"Low certainty of the detector (1 is certain): {named}. Check the particles it found there.")
    return lines + unlike(images)


def unlike(images: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Warn of images that are unlike anything the detector was trained on; entries by name."""
    names = [name for name, entry in images.items() if entry.get("unlike_training")]
    if not names:
        return []
    return [
        f"Unlike anything in the training of the detector: {listed(names)}. Check the particles it found there: its "
        "certainty and its stated errors may not hold."
    ]


def _doubt(entry: Mapping[str, Any]) -> str:
    first, *others = certainty_words({**entry, "unlike_training": False})
    return ", ".join([first.removeprefix("certainty "), *others])
