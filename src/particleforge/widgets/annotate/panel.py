"""The panel in which particles are annotated."""

import logging
from collections.abc import Callable
from pathlib import Path

from napari import Viewer
from napari.layers import Image

from particleforge.errors import UserError
from particleforge.jobs.messages import Plain, Task
from particleforge.store.annotation_state import ChangedElsewhere
from particleforge.store.originals import files_of
from particleforge.widgets.active import bring_to_front, made_here
from particleforge.widgets.annotate.background_section import BackgroundSection
from particleforge.widgets.annotate.guide import guide_over
from particleforge.widgets.annotate.others import OthersLabels
from particleforge.widgets.annotate.owned import Choice, Foreign, copy_folder, foreign, rescue, rescued
from particleforge.widgets.annotate.particle_section import ParticleSection
from particleforge.widgets.annotate.parts import Section, button, words
from particleforge.widgets.annotate.question import Answer, Question
from particleforge.widgets.annotate.saved import Saved, read_saved
from particleforge.widgets.annotate.scale_section import ScaleSection
from particleforge.widgets.annotate.session import Session
from particleforge.widgets.annotate.source import annotation_name, default_folder, read_source, shown_frame
from particleforge.widgets.annotate.suggest import Suggesting
from particleforge.widgets.annotate.tools import Tools
from particleforge.widgets.annotate.warm_up import WarmUp
from particleforge.widgets.folder_edit import chosen_folder, folder_edit
from particleforge.widgets.message import Message
from particleforge.widgets.panel import Panel
from particleforge.widgets.proxies import plain
from particleforge.widgets.scratch import Scratch
from particleforge.widgets.unexpected import as_user_error, shown_by
from particleforge.wording import named, plural

OPEN_FIRST = "Open an image first."


class AnnotatePanel(Panel):
    """Scale, particles and background of one image after the other, saved continuously.

    Parameters
    ----------
    napari_viewer
        Where images come from and annotations are drawn.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer, "Suggest particles", "Stop")
        self.session: Session | None = None
        self._tools: Tools | None = None
        self._suggesting: Suggesting | None = None
        self.message = Message(self)
        self.image = self.add_image_chooser("The image to annotate; it follows the active layer of napari.")
        self.folder = folder_edit()
        self.add_line("Save in", self.folder.native, "Folder of annotated images; all images of a project go there.")
        self.begin = button(
            "Annotate this image", "Add layers for particles and background, or continue with saved ones."
        )
        self.begin.clicked.connect(self.annotate)
        self.scale, self.question = ScaleSection(self.viewer, self.report), Question()
        self._others = OthersLabels(self.viewer, self.question, self._decide)
        self.particles = ParticleSection(self.row, self.report)
        self.background = BackgroundSection()
        self.needs = Section("4  What is still needed")
        self.counted, self.needed, self.kept = words(), words(), words()
        for label in (self.counted, self.needed, self.kept):
            self.needs.rows.addWidget(label)
        for widget in (self.question, self.begin, self.scale, self.particles, self.background, self.needs):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.outer.addWidget(self.message)
        self.message.setContentsMargins(6, 2, 6, 6)
        self._warm_up = WarmUp()
        self._warm_up.start()
        self._connect()
        self.choose(self._image)
        if there := rescued():
            self.report(
                f"{named([path.name for path in there], 'annotation')} could not be saved in the folder chosen: "
                f"see {there[0].parent}. Delete this folder when it is no longer needed."
            )

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
        """Add the layers of the chosen image, with what is saved of it; ask before labels of others are changed."""
        image = self._image
        if image is None:
            return
        with shown_by(self.report):
            folder = chosen_folder(self.folder)
            theirs = foreign(folder, annotation_name(image, shown_frame(image, self.viewer.dims)))
            choice = Choice.CONTINUE if theirs is None else self._others.choice(theirs)
            if theirs is not None and choice in (None, Choice.LOOK):
                self._others.ask(theirs)
                self._refresh()
            elif theirs is not None and choice is Choice.COPY:
                self._copy(image, theirs)
            else:
                self._start(image, folder, keep_originals=theirs is not None)

    def _decide(self, theirs: Foreign, choice: Choice) -> None:
        """Do what was decided about labels that somebody else made."""
        if choice is not Choice.LOOK:
            self.annotate()
        elif self._image is not None:
            self._look(self._image, theirs)
        self._refresh()

    def _look(self, image: Image, theirs: Foreign) -> None:
        """Show labels without changing them."""
        with shown_by(self.report):
            self.leave(remove=True)
            self._others.look(image, theirs)
            self.report(f"{theirs.file} is shown and not changed.")

    def _copy(self, image: Image, theirs: Foreign) -> None:
        """Annotate a copy of labels that somebody else made."""
        start = read_saved(theirs.folder, read_source(image, self.viewer.dims))
        with self.folder.changed.blocked():
            self.folder.value = copy_folder()
        self._start(image, copy_folder(), start)
        self._others.hide(theirs)
        if self.session is not None:
            self.kept.setText(f"A copy is saved in {self.session.folder}; {theirs.file} stays as it is.")

    def _start(self, image: Image, folder: Path, start: Saved | None = None, keep_originals: bool = False) -> None:
        self.leave(remove=True)
        self.scale.stop()
        bring_to_front(self.viewer.layers, image)
        source = read_source(image, self.viewer.dims)
        session = self.session = Session(self.viewer, image, source, folder, start, keep_originals)
        self.viewer.dims.events.current_step.connect(self._stepped)
        session.changed.connect(self._refresh)
        session.lost.connect(self._lose)
        session.saver.saved.connect(self._report_saved)
        session.saver.failed.connect(self._report_unsaved)
        self.scale.refresh()
        self.background.set_session(session)
        actions = self.particles.set_session(session)
        self._tools = Tools(
            self.viewer, session.particles, session.strokes, actions.by_tool, self.report, guide_over(self)
        )
        self._tools.chosen.connect(self._show_tool)
        self.kept.setText(f"Continued from {session.folder}." if session.continued else "")
        session.strokes.visible = not session.complete
        self.use("outline")
        self._refresh()

    def leave(self, remove: bool = False, save: bool = True) -> None:
        """Save, and stop annotating; with `remove` the layers leave the viewer."""
        session, self.session = self.session, None
        self.question.drop()
        if remove:
            self._others.drop()
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
                session.close(remove, save)
            except Exception as error:  # noqa: BLE001 - whatever prevents saving, the annotation must be kept
                self._rescue(session, as_user_error(error))
        self._refresh()

    def _rescue(self, session: Session, error: UserError) -> None:
        """Save an annotation elsewhere, and say where."""
        try:
            news = UserError(
                f"{error.message} The annotation of {session.source.micrograph.name} was saved in "
                f"{rescue(session.sample)} instead."
            )
        except UserError as other:
            news = UserError(f"{error} {other}")
        self.report(news)
        logging.getLogger(__name__).error("%s", news)

    def use(self, name: str) -> None:
        """Choose a tool; empty: none."""
        self.report(None)
        if self._tools is not None:
            self._tools.use(name)

    def follow(self) -> None:
        """Switch to the active image; not to one made here, such as a preview, while another is annotated."""
        if self.session is None or not made_here(self.viewer.layers.selection.active):
            super().follow()

    def pause(self) -> None:
        """Save, give the mouse back to napari, and save nothing more."""
        self._warm_up.stop()
        self.scale.stop()
        if self.row.running:
            self.row.cancel()
        self.use("")
        if self.session is not None:
            with shown_by(self.report):
                self.session.pause()

    def unpause(self) -> None:
        """Go on, with what was changed in the layers meanwhile."""
        self._warm_up.start()
        if self.session is not None:
            self.session.resume()

    def end(self) -> None:
        """Save, and remove everything temporary."""
        super().end()
        self._warm_up.stop()
        self.leave()
        self.scale.end()

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
        return suggesting.task(self.particles.model.value())

    def finish(self, value: Plain) -> None:
        """Show suggestions."""
        suggesting, self._suggesting = self._suggesting, None
        if suggesting is None or suggesting.session is not self.session:
            return
        fresh = suggesting.found()
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
        """Open the image at once if it was annotated before; if somebody else has, ask."""
        folder = chosen_folder(self.folder)
        with shown_by(self.report):
            name = annotation_name(image, shown_frame(image, self.viewer.dims))
            theirs = foreign(folder, name)
            if theirs is not None and self._others.choice(theirs) is Choice.LOOK:
                self._look(image, theirs)
            elif theirs is not None or (
                files_of(folder, "labels", name) and read_saved(folder, read_source(image, self.viewer.dims))
            ):
                self.annotate()

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

    def _report_unsaved(self, error: UserError) -> None:
        self.report(error)
        if isinstance(error, ChangedElsewhere):
            tip = "The other one goes to the folder originals."
            load = Answer("Load what is saved", "Yours is saved in the folder rescued of the workspace.", self._load)
            self.question.ask("Which annotation is to be kept?", [load, Answer("Keep mine", tip, self._keep_mine)])

    def _load(self) -> None:
        """Take what another window or program has saved; what is here is kept elsewhere."""
        session, image = self.session, self._image
        if session is None or image is None:
            return
        with shown_by(self.report):
            place = rescue(session.sample)
            self.leave(remove=True, save=False)
            self._start(image, session.folder)
            self.report(f"The saved annotation was loaded; yours is kept in {place}.")

    def _keep_mine(self) -> None:
        if self.session is not None:
            self.report(None)
            self.session.keep_mine()

    def _report_saved(self) -> None:
        if self.session is not None:
            self.kept.setText(f"Saved in {self.session.folder}.")

    def _refresh(self) -> None:
        """Report the progress of the annotation."""
        session = self.session
        self.check()
        self.begin.setEnabled(self._image is not None and session is None and not self.question.open)
        self.particles.refresh()
        if session is None:
            self.counted.setText(OPEN_FIRST if self._image is None else "No image is being annotated.")
            self.needed.setText("")
            return
        progress = session.progress
        count = f"{plural(progress.particles, 'particle')} annotated"
        cut = f", {progress.border} of them cut by the border" if progress.border else ""
        small = f", {progress.small} too small to learn from" if progress.small else ""
        self.counted.setText(f"{count}{cut}{small}.")
        self.needed.setText(progress.needed or "This is enough to start: continue with Train, or annotate more.")
