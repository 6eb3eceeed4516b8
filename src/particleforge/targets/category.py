"""One of several names, for example the class of an image."""

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
            If it is not a name, or there is no such category.
        """
        if not isinstance(value, str):
            raise ValueError("the name of a category is needed")
        if self.names and value not in self.names:
            raise ValueError(f"the categories are {', '.join(self.names)}")
        return str(value)

    def unpack(self, data: str) -> str:
        """Name from plain data."""
        return data
