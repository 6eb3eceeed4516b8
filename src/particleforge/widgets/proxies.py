"""What napari gives to plugins."""

from typing import TypeVar

Item = TypeVar("Item")


def plain(item: Item) -> Item:
    """Take off what napari wraps a viewer or layer in for plugins: wrapped ones are not equal to those of events."""
    bare: Item = getattr(item, "__wrapped__", item)
    return bare
