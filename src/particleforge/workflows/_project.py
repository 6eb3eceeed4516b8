"""What finding and measuring in a project share."""

from collections.abc import Collection
from typing import TypeVar

from particleforge.errors import located
from particleforge.params import Params
from particleforge.store.fingerprints import Fingerprints
from particleforge.store.project import Project
from particleforge.store.selection import Selection

ParamsT = TypeVar("ParamsT", bound=Params)


class Prints:
    """Fingerprints of the images of a project, whatever their scale and group; each file is read only once."""

    def __init__(self, project: Project) -> None:
        self._project, self._of = project, Fingerprints()

    def __call__(self, name: str) -> str:
        """Fingerprint of an image.

        Raises
        ------
        UserError
            If it cannot be read.
        """
        image = self._project[name]
        chosen = {part: getattr(image, part) for part in Selection.model_fields}
        content = self._of.content(self._project.open(name)[0])
        return content + "".join(f", {part} {number}" for part, number in chosen.items() if number is not None)


def of_project(project: Project, params: ParamsT, besides: Collection[str] = ()) -> ParamsT:
    """Parameters of a project, where they are not given.

    Raises
    ------
    UserError
        If those of the project, apart from those in `besides`, are not valid.
    """
    with located(project.file):
        stored = type(params).parse({name: v for name, v in project.contents.measuring.items() if name not in besides})
    return stored.replace(**{name: getattr(params, name) for name in params.model_fields_set})
