"""In which images particles are found; no Qt here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from particleforge.wording import plural

Which: TypeAlias = Literal["this", "selected", "rest", "all"]


@dataclass(frozen=True)
class Scope:
    """Some images of a project.

    Parameters
    ----------
    which
        How they are chosen.
    names
        Their names.
    """

    which: Which
    names: tuple[str, ...]

    @property
    def short(self) -> str:
        """A word or two for a choice."""
        count = len(self.names)
        return {
            "this": "This image",
            "selected": f"{count} selected",
            "rest": f"{count} not searched",
            "all": f"All {count}",
        }[self.which]

    @property
    def words(self) -> str:
        """The images, as a part of a sentence."""
        count = len(self.names)
        return {
            "this": "this image",
            "selected": plural(count, "selected image"),
            "rest": f"{plural(count, 'image')} not searched yet",
            "all": f"all {count} images",
        }[self.which]


def scopes(names: Sequence[str], current: str, selected: Sequence[str], searched: Collection[str]) -> list[Scope]:
    """List the choices there are, each of other images.

    Parameters
    ----------
    names
        Those of the project, in order.
    current
        The one that is shown; empty if there is none.
    selected
        Those that are selected.
    searched
        Those in which particles were looked for before, also those that could not be read.
    """
    rest = [name for name in names if name not in searched]
    found = [Scope("this", (current,))] if current in names else []
    found += [Scope("selected", tuple(selected))] if 1 < len(selected) < len(names) else []
    found += [Scope("rest", tuple(rest))] if 0 < len(rest) < len(names) and len(names) > 2 else []
    return [*found, Scope("all", tuple(names))] if len(names) > 1 or (not found and names) else found


def proposed(offered: Sequence[Scope], searched: Collection[str]) -> Scope | None:
    """Propose one: what is selected, else what has not been searched, else everything."""
    by_which = {scope.which: scope for scope in offered}
    order = ("selected", *(["rest"] if searched else []), "all", "this")
    return next((by_which[which] for which in order if which in by_which), None)


def image_of(message: str, names: Collection[str]) -> str:
    """Name of the image that a line of progress is about, such as ``gold: 12 particles``; empty if it is about none."""
    return max((name for name in names if message.startswith(f"{name}: ")), key=len, default="")
