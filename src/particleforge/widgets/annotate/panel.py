"""The panel in which particles are annotated."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from napari import Viewer
from napari.layers import Image

from particleforge.errors import UserError
from particleforge.jobs.messages import Plain, Task
from particleforge.micrograph import Micrograph
from particleforge.store.labels import read_labels
from particleforge.store.micrographs import write_micrograph
from particleforge.widgets.annotate.background_section import BackgroundSection
from particleforge.widgets.annotate.edits import without_known
from particleforge.widgets.annotate.guide import guide_over
from particleforge.widgets.annotate.particle_section import ParticleSection
from particleforge.widgets.annotate.parts import Section, button, words
from particleforge.widgets.annotate.saved import read_saved
from particleforge.widgets.annotate.scale_section import ScaleSection
from particleforge.widgets.annotate.session import Session
from particleforge.widgets.annotate.source import annotation_name, default_folder, read_source, shown_frame
from particleforge.widgets.annotate.tools import Tools
from particleforge.widgets.annotate.warm_up import WarmUp
from particleforge.widgets.folder_edit import chosen_folder, folder_edit
from particleforge.widgets.message import Message
from particleforge.widgets.panel import Panel
from particleforge.widgets.proxies import plain
from particleforge.widgets.scratch import Scratch
from particleforge.workflows.predict import predict

IMAGE, LABELS = "image.tif", "labels"
"""Names of the image written for the model, and of the folder of its results."""
OPEN_FIRST = "Open an image first."
GRACE_S = 1.0
"""A cancelled suggestion has no results to wait for."""


@dataclass(frozen=True, eq=False)
class Suggesting:
    """A session for which suggestions are being computed, and where these are written."""

    session: Session
    scratch: Scratch


class AnnotatePanel(Panel):
    """Scale, particles and background of one image after the other, saved continuously.

    Parameters
    ----------
    napari_viewer
        Where images come from and annotations are drawn.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        viewer = plain(napari_viewer)
        super().__init__(viewer, "Suggest particles", "Stop")
        self.session: Session | None = None
        self._tools: Tools | None = None
        self._suggesting: Suggesting | None = None
        self.message = Message(self)
        self.image = self.add_layer_chooser("Image", Image, "The image to annotate.")
        self.folder = folder_edit()
        self.add_line("Save in", self.folder.native, "Folder of annotated images; all images of a project go there.")
        self.begin = button(
            "Annotate this image", "Add layers for particles and background, or continue with saved ones."
        )
        self.begin.clicked.connect(self.annotate)
        self.scale = ScaleSection(viewer, self.report)
        self.particles = ParticleSection(self.row, self.report)
        self.background = BackgroundSection()
        self.needs = Section("4  What is still needed")
        self.counted, self.needed, self.kept = words(), words(), words()
        for label in (self.counted, self.needed, self.kept):
            self.needs.rows.addWidget(label)
        for widget in (self.begin, self.scale, self.particles, self.background, self.needs):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.outer.addWidget(self.message)
        self.message.setContentsMargins(6, 2, 6, 6)
        self._warm_up = WarmUp()
        self._warm_up.start()
        self._connect()
        self.choose(self._image)

    def _connect(self) -> None:
        self.image.changed.connect(self.choose)
        self.folder.changed.connect(self._moved)
        self.scale.changed.connect(self._scaled)
        for section in (self.particles, self.background):
            section.picked.connect(self.use)

    def report(self, news: UserError | str | None) -> None:
        """Show a message or an error below the panel; None clears it."""
        if isinstance(news, UserError):
            self.message.warn(news)
        else:
            self.message.report(news or "")

    def choose(self, image: Image | None) -> None:
        """Switch to another image; continue its annotation if there is one."""
        image = plain(image)
        if image is self.scale.image and image is not None:
            return
        self.leave(remove=True)
        self.report(None)
        self.scale.set_image(image)
        self.begin.setEnabled(image is not None)
        if image is not None:
            with self.folder.changed.blocked():
                self.folder.value = default_folder(image)
            self._continue(image)
        self._refresh()

    def annotate(self) -> None:
        """Add the layers of the chosen image, with what is saved of it."""
        image = self._image
        if image is None:
            return
        self.leave(remove=True)
        self.scale.stop()
        try:
            source = read_source(image, self.viewer.dims)
            session = self.session = Session(self.viewer, image, source, chosen_folder(self.folder))
        except UserError as error:
            self.report(error)
            return
        self.viewer.dims.events.current_step.connect(self._stepped)
        session.changed.connect(self._refresh)
        session.lost.connect(self._lose)
        session.saver.saved.connect(self._report_saved)
        session.saver.failed.connect(self.report)
        self.scale.refresh()
        self.background.set_session(session)
        actions = self.particles.set_session(session)
        self._tools = Tools(session, actions.by_tool, self.report, guide_over(self))
        self._tools.chosen.connect(self._show_tool)
        self.kept.setText(f"Continued from {session.folder}." if session.continued else "")
        session.strokes.visible = not session.complete
        self.use("outline")
        self._refresh()

    def leave(self, remove: bool = False) -> None:
        """Save, and stop annotating; with `remove` the layers leave the viewer."""
        session, self.session = self.session, None
        if self.row.running:
            self.row.cancel()
        if self._tools is not None:
            self._tools.close()
            self._tools = None
        self.particles.release()
        self.background.set_session(None)
        if session is not None:
            self.viewer.dims.events.current_step.disconnect(self._stepped)
            session.particles.bind_key("N", None, overwrite=True)
            try:
                session.close(remove)
            except UserError as error:
                self.report(error)
                logging.getLogger(__name__).error("%s", error)
        self._refresh()

    def use(self, name: str) -> None:
        """Choose a tool; empty: none."""
        self.report(None)
        if self._tools is not None:
            self._tools.use(name)

    def end(self) -> None:
        """Save, and remove everything temporary."""
        super().end()
        self._warm_up.stop()
        self.scale.stop()
        self.leave()

    def problem(self) -> str | None:
        """Suggestions need an image that is being annotated."""
        if self.session is not None:
            return None
        return OPEN_FIRST if self._image is None else "Press “Annotate this image” first."

    def prepare(self) -> Callable[[], Task]:
        """Return a function that writes the image for the model and returns the task."""
        if self.session is None:
            raise UserError(str(self.problem()))
        suggesting = self._suggesting = Suggesting(self.session, Scratch())
        return partial(_task, self.session.sample.micrograph, self.particles.model.value(), suggesting.scratch.path)

    def finish(self, value: Plain) -> None:
        """Show suggestions."""
        suggesting, self._suggesting = self._suggesting, None
        if suggesting is None or suggesting.session is not self.session:
            return
        labels = read_labels(suggesting.scratch.path / LABELS / IMAGE)
        fresh = without_known(labels, suggesting.session.particles.data)
        if not fresh.any():
            self.report("The model found no particles beyond those already annotated.")
            return
        suggesting.session.propose(fresh)
        self.particles.refresh()
        self.use("accept")

    def stop(self) -> None:
        """Remove what was written for the model."""
        self._suggesting = None

    @property
    def _image(self) -> Image | None:
        """The chosen layer."""
        image: Image | None = self.image.value
        return plain(image)

    def _continue(self, image: Image) -> None:
        """Open the image at once if it was annotated before."""
        folder = chosen_folder(self.folder)
        try:
            name = annotation_name(image, shown_frame(image, self.viewer.dims))
            labels = folder / "labels"
            if any(labels.glob(f"{name}.*")) and read_saved(folder, read_source(image, self.viewer.dims)):
                self.annotate()
        except UserError as error:
            self.report(error)

    def _moved(self, folder: Path) -> None:
        """Another folder was chosen: finish in the old one."""
        if self.session is not None:
            self.leave(remove=True)
            self.report(f"Annotations are now saved in {folder}.")
        if (image := self._image) is not None:
            self._continue(image)

    def _scaled(self) -> None:
        if self.session is not None:
            self.session.touch()

    def _stepped(self, event: object) -> None:
        """Layers belong to one frame of a stack: they are hidden on the others."""
        session = self.session
        if session is None or not session.source.frame:
            return
        try:
            here = shown_frame(session.image, self.viewer.dims) == session.source.frame
        except UserError:
            here = False
        if here == session.particles.visible:
            return
        if not here:
            self.use("")
        session.particles.visible = here
        session.strokes.visible = here and not session.complete
        if session.proposals is not None:
            session.proposals.visible = here
        where = ", ".join(str(step) for step in session.source.frame)
        self.report(
            None if here else f"Frame {where} is being annotated. To annotate this one, press “Annotate this image”."
        )
        self.begin.setEnabled(not here)

    def _lose(self) -> None:
        """End the session after a layer was removed by hand."""
        self.leave()
        self.report("A layer of this annotation was removed; its content is saved.")

    def _show_tool(self, name: str) -> None:
        self.particles.show_tool(name)
        self.background.brush.setChecked(name == "strokes")

    def _report_saved(self) -> None:
        if self.session is not None:
            self.kept.setText(f"Saved in {self.session.folder}.")

    def _refresh(self) -> None:
        """Report the progress of the annotation."""
        session = self.session
        self.check()
        self.begin.setEnabled(self._image is not None and session is None)
        self.particles.refresh()
        if session is None:
            self.counted.setText(OPEN_FIRST if self._image is None else "No image is being annotated.")
            self.needed.setText("")
            return
        progress = session.progress
        count = f"{progress.particles} particle{'s' * (progress.particles != 1)} annotated"
        cut = f", {progress.border} of them cut by the border" if progress.border else ""
        small = f", {progress.small} too small to learn from" if progress.small else ""
        self.counted.setText(f"{count}{cut}{small}.")
        self.needed.setText(progress.needed or "This is enough to start: continue with Train, or annotate more.")


def _task(micrograph: Micrograph, model: str, scratch: Path) -> Task:
    """Write an image and return the task that finds its particles."""
    image = scratch / IMAGE
    write_micrograph(image, replace(micrograph, name=image.stem))
    return Task.of(predict, model=model, images=image, out=scratch / LABELS, grace_s=GRACE_S)
