"""What has changed in the inputs since an interrupted or earlier run."""

from collections.abc import Callable, Sequence

from particleforge.errors import UserError
from particleforge.measurement.results_folder import ResultsFolder
from particleforge.wording import named


def compare(folder: ResultsFolder, names: Sequence[str], fingerprint: Callable[[str], list[str]]) -> str:
    """Compare inputs with those that results were measured from; results of others are removed.

    Parameters
    ----------
    folder
        Results that are continued. Images whose inputs have changed, or are no longer among them, are dropped from it.
    names
        Images to measure.
    fingerprint
        Gives the fingerprints of what an image is measured from, by its name.

    Returns
    -------
    str
        What has changed, in a sentence that is also a remark in the summary; empty if nothing has.
    """
    noted = folder.summary["inputs"]
    now = {name: _or_none(fingerprint, name) for name in folder.names if name in names}
    changed = [name for name in now if noted.get(name) is not None and noted[name] != now[name]]
    removed = [name for name in folder.names if name not in now]
    added = [name for name in names if noted and name not in noted]
    folder.drop([*changed, *removed])
    folder.summary["inputs"] = {name: now.get(name) if name not in changed else None for name in names}
    parts = {"measured again because changed": changed, "left out because removed": removed, "new": added}
    if found := ", ".join(f"{named(images)} {what}" for what, images in parts.items() if images):
        folder.remark(f"Since the run before: {found}.")
    return " ".join(folder.summary["remarks"])


def _or_none(fingerprint: Callable[[str], list[str]], name: str) -> list[str] | None:
    """Fingerprints of an image; None where it cannot be read any more."""
    try:
        return fingerprint(name)
    except UserError:
        return None
