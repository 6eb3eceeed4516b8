"""One sample of a recipe as layers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.layers import Image, Labels
from qtpy.QtCore import QObject, Signal

from particleforge.recipes.recipe import Recipe
from particleforge.widgets.background import Background
from particleforge.widgets.preview import find_layer, put_layer, take_layer
from particleforge.widgets.qt import single_shot
from particleforge.widgets.synthesize.compare import Compare
from particleforge.widgets.synthesize.sampler import Sampler, Shot, made_by
from particleforge.widgets.synthesize.side_by_side import Greys, matched, placed
from particleforge.widgets.synthesize.truth import truth_features
from particleforge.wording import plural

if TYPE_CHECKING:
    from napari import Viewer

SETTLED_MS = 400
NAME, PARTICLES = "Preview", "Preview particles"


class Preview(QObject):
    """Shows a sample, the next one, and the same one again shortly after a change.

    `reported` gives a message on what is shown; `failed` a `UserError`.

    Parameters
    ----------
    viewer
        Where it is shown.
    given
        Returns the recipe and the seed as entered.
    compare
        The real image it is shown next to.
    """

    reported = Signal(str)
    failed = Signal(object)

    def __init__(self, viewer: "Viewer", given: Callable[[], tuple[Recipe, int]], compare: Compare) -> None:
        super().__init__()
        self._viewer, self._given, self._compare = viewer, given, compare
        self._sampler, self._number = Sampler(), -1
        self._shot: Shot | None = None
        self._real: Image | None = None
        self._drawing, self._matching = Background(), Background()
        self._drawing.done.connect(self._take)
        self._matching.done.connect(self._put)
        for background in (self._drawing, self._matching):
            background.failed.connect(self._fail)
        self._timer = single_shot(self, SETTLED_MS, self._draw)
        compare.changed.connect(self._match)

    def next(self) -> None:
        """Show the next sample."""
        self._number += 1
        self._draw()

    def touch(self) -> None:
        """Draw the sample again shortly, if one is shown."""
        if self._number >= 0:
            self._timer.start()

    def hide(self) -> None:
        """Remove the layers."""
        self.stop()
        self._number, self._shot = -1, None
        for name in (NAME, PARTICLES):
            take_layer(self._viewer, name)

    def stop(self) -> None:
        """Drop the current request."""
        self._timer.stop()
        self._drawing.drop()
        self._matching.drop()

    def end(self) -> None:
        """Drop the current request, and end the process that renders."""
        self.stop()
        self._sampler.close()

    def _draw(self) -> None:
        self._timer.stop()
        (recipe, seed), sampler, number = self._given(), self._sampler, self._number
        self.reported.emit(f"Drawing sample {number} …")
        self._drawing.run(lambda outdated: sampler.draw(recipe, seed, number, outdated))

    def _take(self, shot: Shot) -> None:
        self._shot = shot
        sample = shot.sample
        truth = 0 if sample.truth is None else len(sample.truth)
        self.reported.emit(
            f"Sample {sample.name.lstrip('0') or 0}: {plural(truth, 'particle')}, {shot.seconds:.1f} s. "
            f"{made_by(sample)}"
        )
        self._match()

    def _fail(self, error: object) -> None:
        self.reported.emit("")
        self.failed.emit(error)

    def _match(self) -> None:
        """Show the sample with its own intensities or those of the real image."""
        if self._shot is None:
            return
        shot, reference = self._shot, self._compare.reference
        if reference is None:
            self._matching.drop()
            self._put((shot, shot.sample.micrograph.grey))
        else:
            self._matching.run(lambda _: (shot, matched(shot.sample.micrograph.pixels, reference)))

    def _put(self, shown: tuple[Shot, Greys]) -> None:
        shot, pixels = shown
        sample, real = shot.sample, self._compare.real
        seen = find_layer(self._viewer, NAME) is not None and real is self._real
        self._real = real
        options = placed(sample.micrograph.pixel_size_nm, real, 2)
        options["metadata"] = {"particleforge": sample.recipe}
        image = put_layer(self._viewer, Image, NAME, pixels, **options)
        self._compare.adjust(image)
        features = truth_features(sample.truth, int(sample.labels.max(initial=0)))
        labels = put_layer(self._viewer, Labels, PARTICLES, sample.labels, features=features, **options)
        labels.contour, labels.editable = 2, False
        if not seen:
            self._viewer.reset_view()
