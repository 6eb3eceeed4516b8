"""One of several names, such as the class of an image."""

from typing import Any, Literal

from pydantic import Field

from particleforge.targets.target import Target


class Category(Target):
    """One of several names per sample."""

    kind: Literal["category"] = "category"
    names: tuple[str, ...] = Field((), description="Names of the categories. Empty: any text.")

    def pack(self, value: Any) -> str:
        """Name as plain data.

        Raises
        ------
        ValueError
            If there is no category of that name.
        """
        if not isinstance(value, str):
            raise ValueError("the name of a category is needed")
        if self.names and value not in self.names:
            raise ValueError(f"there are {', '.join(self.names)}")
        return str(value)

    def unpack(self, data: str) -> str:
        """Name out of plain data."""
        return data
