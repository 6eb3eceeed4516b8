"""Images that ask to be turned when they are shown."""

from typing import Any


def on_orientation(value: Any) -> tuple[str, ...]:
    """Remark on the tag Orientation, which is ignored: labels made in other programs fit the image as it is stored."""
    if value not in range(2, 9):
        return ()
    return (f"The image is used as it is stored, not turned as its orientation tag ({int(value)}) asks.",)
