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
    sure, expected = entry.get("certainty"), expected_words(entry)
    if sure is None:
        lines = [expected] if expected else []
    else:
        lines = [f"certainty {sure:.2f}{f' ({expected})' if expected else ''}"]
    return [*lines, "unlike the training images"] if entry.get("unlike_training") else lines


def expected_words(entry: Mapping[str, Any]) -> str:
    """State the expected F1 of an image with its interval; without the value if the certainty is the same.

    Empty if it is not known.
    """
    expected, sure = entry.get("expected_f1"), entry.get("certainty")
    if not expected:
        return ""
    value = f"{expected['value']:.2f}"
    shown = "" if sure is not None and value == f"{sure:.2f}" else f" {value}"
    return f"expected F1{shown}, 80 % between {expected['low']:.2f} and {expected['high']:.2f}"


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
        stated = {
            name: ", ".join(filter(None, [f"{sure:.2f}", expected_words(images[name])])) for sure, name in doubted
        }
        named = listed([f"{name} ({words})" for name, words in stated.items()])
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
