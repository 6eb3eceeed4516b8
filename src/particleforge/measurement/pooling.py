"""Which images are pooled, and why the others are not."""

from collections.abc import Mapping
from typing import Any

from particleforge.measurement.rules import Rules
from particleforge.wording import listed, plural


def not_pooled(images: Mapping[str, Mapping[str, Any]], rules: Rules) -> dict[str, str]:
    """Reasons why images are not pooled, by name.

    Parameters
    ----------
    images
        Their entries in the summary, with the ``certainty`` of the detector, if it is known, and ``blank`` if they show
        nothing.
    rules
        With the certainty that pooled images need; at 0, all are pooled.
    """
    reasons: dict[str, str] = {}
    for name, entry in images.items():
        sure = entry.get("certainty")
        if rules.least_certainty and entry.get("blank"):
            reasons[name] = "it is blank, apart from burnt-in bars and letters"
        elif sure is not None and sure < rules.least_certainty:
            reasons[name] = f"the certainty of the detector, {sure:.2f}, is below {rules.least_certainty:g}"
    return reasons


def not_pooled_sentence(reasons: Mapping[str, str]) -> str:
    """Name the images that are not pooled, with the reasons and a hint; empty if all are pooled."""
    if not reasons:
        return ""
    named = listed([f"{name} ({reason})" for name, reason in reasons.items()])
    return (
        f"{plural(len(reasons), 'image')} not pooled: {named}. Their own figures are kept; check what was found there. "
        "Set the least certainty to 0 (--least-certainty 0) to pool all images."
    )
