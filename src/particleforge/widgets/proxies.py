"""The proxies napari passes to plugins."""

from typing import TypeVar

Item = TypeVar("Item")


def plain(item: Item) -> Item:
    """Unwrap napari's proxy of a viewer or layer for plugins: proxies are not equal to the objects in events."""
    bare: Item = getattr(item, "__wrapped__", item)
    return bare
