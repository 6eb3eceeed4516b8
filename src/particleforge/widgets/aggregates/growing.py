"""Aggregates that grow while parameters change."""

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from particleforge.recipes.aggregate.recipe import Aggregate
from particleforge.widgets.aggregates.grown import grow_one
from particleforge.widgets.background import Background
from particleforge.widgets.qt import single_shot
from particleforge.widgets.synthesize.sampler import Sampler

SETTLED_MS = 120


class Growing(QObject):
    """Grows one aggregate in a thread, shortly after a change; only the result of the last change counts.

    `grown` gives a `Grown`, `failed` a `UserError`.

    Parameters
    ----------
    given
        Returns the recipe as entered.
    """

    grown = Signal(object)
    failed = Signal(object)

    def __init__(self, given: Callable[[], Aggregate]) -> None:
        super().__init__()
        self._given, self._sampler = given, Sampler()
        self.number = 0
        self._background = Background()
        self._background.done.connect(self.grown)
        self._background.failed.connect(self.failed)
        self._timer = single_shot(self, SETTLED_MS, self._grow)

    def touch(self) -> None:
        """Grow it again shortly."""
        self._timer.start()

    def next(self) -> None:
        """Grow the next one."""
        self.number += 1
        self._grow()

    def stop(self) -> None:
        """Drop the current request."""
        self._timer.stop()
        self._background.drop()

    def _grow(self) -> None:
        self._timer.stop()
        recipe, sampler, number = self._given(), self._sampler, self.number
        self._background.run(lambda outdated: grow_one(sampler, recipe, number, outdated))
