"""Images at a URL, such as ``s3://...`` or ``https://...``: OME-Zarr, read through fsspec."""

import re
from pathlib import PurePosixPath
from typing import TypeGuard
from urllib.parse import urlsplit

from particleforge.errors import UserError
from particleforge.store.formats import READERS
from particleforge.store.image_files import image_stem
from particleforge.store.source import Source
from particleforge.store.unreadable import unreadable

_PROTOCOL = re.compile(r"([a-z][a-z0-9+.-]+)://")
"""Not ``C:/``."""


def is_url(image: object) -> TypeGuard[str]:
    """Whether an image is given by its URL."""
    return isinstance(image, str) and _PROTOCOL.match(image) is not None


def url_stem(url: str) -> str:
    """Name of an image at a URL without its suffix."""
    parts = urlsplit(url)
    return image_stem(PurePosixPath(parts.path.rstrip("/") or parts.netloc))


def open_url(url: str) -> Source:
    """Open the OME-Zarr at a URL without reading its pixels.

    Raises
    ------
    UserError
        If there is none, it cannot be reached, or the package for its protocol is not installed.
    """
    try:
        with unreadable(url):
            return _open(url)
    except UserError as error:
        if isinstance(cause := error.__cause__, ImportError):
            raise UserError(
                f"{url} needs a package that is not installed ({cause}).",
                "Install it, for example with pip install 'napari-particleforge[remote]' (https, s3).",
            ) from cause
        raise


def _open(url: str) -> Source:
    openers = (getattr(READERS.get(name), "open_url", None) for name in READERS.names())
    source: Source = next(filter(None, openers))(url)
    return source
