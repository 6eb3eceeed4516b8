"""Learn to measure particles from a few annotated ones."""

import lazy_loader

_named, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """Give a public name, the version, or any verb."""
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-particleforge")
    try:
        return _named(name)
    except AttributeError:
        from particleforge.workflows import VERBS

        if name.startswith("_") or name not in VERBS:
            raise
        return VERBS.get(name)
