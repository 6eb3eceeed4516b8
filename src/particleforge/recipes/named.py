"""Parameters stored as YAML files, referred to by name in a recipe."""

from pathlib import Path
from typing import Any

from pydantic import BeforeValidator

from particleforge.plain_data import read_yaml


def names(folder: Path) -> list[str]:
    """Names of the YAML files in a folder."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def by_name(folder: Path) -> BeforeValidator:
    """Annotation: a name stands for the YAML file of that name in a folder."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value not in names(folder):
            raise ValueError(f"{value!r} is not one of the {folder.name}; available: {', '.join(names(folder))}")
        return read_yaml(folder / f"{value}.yaml")

    return BeforeValidator(read)
