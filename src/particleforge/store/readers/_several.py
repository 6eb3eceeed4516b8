"""Files that hold several images, of which one is read."""


def on_others(number: int, count: int, about: str) -> tuple[str, ...]:
    """Remark on the images that are not read: number of the one that is, number of all, and what that one is."""
    return (f"1 of {count} images of the file read: number {number}, {about}.",) if count > 1 else ()
