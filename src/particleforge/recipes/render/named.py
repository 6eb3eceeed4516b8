"""Parameters kept as YAML files, written in a recipe by their names."""

from pathlib import Path
from typing import Any

from pydantic import BeforeValidator

from particleforge.params import read_yaml

HERE = Path(__file__).parent


def names(folder: str, beside: Path = HERE) -> list[str]:
    """Names of the presets in a folder."""
    return sorted(path.stem for path in (beside / folder).glob("*.yaml"))


def by_name(folder: str, beside: Path = HERE) -> BeforeValidator:
    """Annotation: a name stands for the preset of that name in a folder."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value not in names(folder, beside):
            raise ValueError(f"{value!r} is none of the {folder}; there are {', '.join(names(folder, beside))}")
        return read_yaml(beside / folder / f"{value}.yaml")

    return BeforeValidator(read)
