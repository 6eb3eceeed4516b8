"""Labels and tooltips of fields."""

import html
import math
from typing import Any

from pydantic.fields import FieldInfo

from particleforge.draws import OneOf, PerImage, PerParticle
from particleforge.params import Params
from particleforge.widgets.form.numbers import shown
from particleforge.widgets.form.spec import Spec

UNITS = {
    "px": "px",
    "nm": "nm",
    "um": "µm",
    "mm": "mm",
    "deg": "°",
    "mrad": "mrad",
    "ev": "eV",
    "kev": "keV",
    "kv": "kV",
    "ms": "ms",
    "s": "s",
    "percent": "%",
}
WORDS = {"gsd": "GSD", "sd": "SD", "jpeg": "JPEG", "unet": "U-Net", "loguniform": "log-uniform"}
WORDS |= {"lognormal": "log-normal", "cutpaste": "cut-paste"}
WORDS |= {"ecd": "equal-area diameter", "ved": "equal-volume diameter"}
MARKS = {
    PerImage: "Drawn once per image.",
    PerParticle: "Drawn separately for every particle.",
    OneOf: "One of them is chosen for each image.",
}


def label(name: str) -> str:
    """Readable words from a field's name, its unit in brackets: ``diameter_px`` gives ``Diameter [px]``."""
    *words, last = name.split("_")
    unit = UNITS.get(last) if words else None
    text = phrase("_".join(words if unit else (*words, last)))
    text = text[:1].upper() + text[1:]
    return f"{text} [{unit}]" if unit else text


def field_label(name: str, info: FieldInfo) -> str:
    """Title of a field, or words made from its name where it has none."""
    return info.title or label(name)


def kind_phrase(cls: type[Params]) -> str:
    """Title of a kind, which its field `kind` has, or words made from its name where it has none."""
    kind = cls.model_fields["kind"]
    return kind.title or phrase(kind.default)


def phrase(value: Any) -> str:
    """Readable words for a choice."""
    return " ".join(WORDS.get(word, word) for word in str(value).split("_"))


def explanation(info: FieldInfo) -> str:
    """Return description, limits and marks of a field as rich text, which Qt wraps."""
    spec = Spec.of_field(info)
    lines = [info.description or ""]
    low, high = spec.limits
    if math.isfinite(low) and math.isfinite(high):
        lines.append(f"Allowed: {shown(low)} to {shown(high)}.")
    elif math.isfinite(low) or math.isfinite(high):
        lines.append(f"Allowed: {shown(low)} or more." if math.isfinite(low) else f"Allowed: {shown(high)} or less.")
    lines += [text for mark, text in MARKS.items() if any(isinstance(found, mark) for found in spec.marks)]
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)
