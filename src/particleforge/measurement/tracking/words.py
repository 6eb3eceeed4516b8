"""Movies that were followed, in a few words."""

from collections.abc import Mapping
from typing import Any

from particleforge.measurement.statistics.describe import Estimate
from particleforge.wording import plural


def movie_words(movies: Mapping[str, Mapping[str, Any]]) -> str:
    """State for each movie of a summary how many particles were followed, and how fast they grow."""
    return " ".join(f"{name}: {_followed(entry)}" for name, entry in movies.items())


def _followed(entry: Mapping[str, Any]) -> str:
    if "failed" in entry:
        return f"not followed. {entry['failed']}"
    rates, remarks = entry["rates"], " ".join(entry["remarks"])
    counts = f"{plural(entry['tracks'], 'track')} in {plural(entry['frames'], 'frame')}"
    value, limits = Estimate(**rates["median"]).text
    growth = [", growth rate", value, entry["rate_unit"], *filter(None, [limits])] if rates["count"] else []
    return f"{counts}{' '.join(growth)}. {remarks}".strip()
