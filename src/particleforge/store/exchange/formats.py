"""Every exchange format by its name."""

from types import ModuleType

from particleforge.errors import UserError
from particleforge.store.exchange import coco, pairs, stardist

FORMATS: dict[str, ModuleType] = {"pairs": pairs, "coco": coco, "stardist": stardist}


def exchange_format(name: str) -> ModuleType:
    """Return the module of a format, with its functions `read` and `write`.

    Raises
    ------
    UserError
        If there is no such format.
    """
    if name not in FORMATS:
        raise UserError(f"There is no format {name!r}.", f"There are {', '.join(FORMATS)}.")
    return FORMATS[name]
