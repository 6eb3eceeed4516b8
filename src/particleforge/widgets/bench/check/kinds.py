"""What is known of each particle, and the values that its contour is drawn with; no Qt here."""

from collections.abc import Mapping

from particleforge.widgets.bench.colours import State

Ids = frozenset[int]
SHOWN = (State.FOUND, State.SURE, State.DOUBTFUL, State.NOT_COUNTED, State.SELECTED)
FAINT, INSIDE = 10, 20
"""Added to the value of a state for one that is not counted, and for the inside of a particle."""


def kinds(ids: Ids, sure: Ids, omitted: Ids, doubtful: Ids = frozenset()) -> dict[int, State]:
    """Return the kind of each particle: sure ones are sure even if they are not counted.

    Parameters
    ----------
    ids
        All particles.
    sure, omitted, doubtful
        Those a person is sure of, those that are not counted, and those that are doubtful.
    """
    found = dict.fromkeys(ids, State.FOUND)
    for state, chosen in ((State.DOUBTFUL, doubtful), (State.NOT_COUNTED, omitted), (State.SURE, sure)):
        found |= dict.fromkeys(chosen & ids, state)
    return found


def contour_values(known: Mapping[int, State], omitted: Ids, selected: Ids = frozenset()) -> dict[int, tuple[int, int]]:
    """Return the values of the contour and the inside of particles, by id; those left out have the usual one."""
    values = {
        number: value_of(state, state is State.NOT_COUNTED or number not in omitted)
        for number, state in known.items()
        if state is not State.FOUND
    }
    return values | {number: value_of(State.SELECTED) for number in selected}


def value_of(state: State, counted: bool = True) -> tuple[int, int]:
    """Value of the contour and of the inside of a particle."""
    number = SHOWN.index(state) + 1
    return number if counted else number + FAINT, number + INSIDE if state is State.SELECTED else 0


USUAL = value_of(State.FOUND)
