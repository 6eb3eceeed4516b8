"""Judge detectors on annotated images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from particleforge.compute import Workers
from particleforge.errors import UserError
from particleforge.models.opening import options_of
from particleforge.step import Progress, Step, part
from particleforge.store.run_folder import claim, locked
from particleforge.store.selection import Selection
from particleforge.verb import InPlace, verb
from particleforge.workflows._candidates import DetectorCandidate, candidates, named
from particleforge.workflows._cases import Case, cases, is_dataset
from particleforge.workflows._evaluated import Evaluated, Reporting, write_evaluation
from particleforge.workflows._finder import Finding
from particleforge.workflows._judging import judge_all

JUDGING = 0.9
"""Share of the time that finding and judging take."""


class EvaluateParams(Reporting, Finding, Selection, Workers):
    """How detectors are used and judged."""

    particles: Literal["whole", "visible"] = Field(
        "whole",
        description="What is compared where a dataset knows whole particles: these, including what others hide, or "
        "what is visible of them. Masks of COCO files are compared as they are.",
    )

    def recorded(self) -> dict[str, Any]:
        """Plain data of what decides what is found and compared."""
        return self.model_dump(mode="json", exclude={*Workers.model_fields, *Reporting.model_fields})

    def cases(self, datasets: Sequence[Path | str]) -> dict[str, list[Case]]:
        """Find the annotated images of each dataset, by a short name of it.

        Raises
        ------
        UserError
            If there are none.
        """
        whole = self.particles == "whole"
        return {name: cases(Path(source), self, whole) for name, source in named(datasets).items()}

    def options_of(self, model: str | Path) -> dict[str, Any]:
        """Return the options given that a detector has."""
        known = options_of(model, "detector")
        return {name: value for name, value in self.options.items() if known is not None and name in known.model_fields}

    def check_options(self, models: Iterable[str | Path]) -> None:
        """Check that each option is one of at least one of these detectors.

        Raises
        ------
        UserError
            If one is not.
        """
        unused = self.options.keys() - {name for model in models for name in self.options_of(model)}
        if unused:
            raise UserError(f"None of the detectors has the option {min(unused)!r}.", "Leave it out.")


def _report(evaluated: Evaluated, _: Mapping[str, Any]) -> dict[str, Any]:
    return evaluated.report()


@verb(_report, resumable=True)
def evaluate(
    models: Sequence[Path | str],
    datasets: Annotated[Sequence[Path | str], InPlace()],
    out: Path | str,
    params: EvaluateParams = EvaluateParams(),
) -> Step[Evaluated]:
    """Judge one or several detectors on annotated images; write metrics, figures and a report.

    Parameters
    ----------
    models
        Names or folders of detectors, folders of results written by measure, folders of label images that are called
        like the images, or files of COCO results. Differences are those from the first.
    datasets
        Annotated folders, datasets NAME.zarr and COCO files. Several may be given after the detectors.
    out
        New folder for evaluation.json, images.csv, report.html and figures; an interrupted run is continued.
    params
        Options of the detectors, and precision of the intervals.

    Raises
    ------
    UserError
        If a detector or a dataset cannot be read, or `out` contains something else. A single image that cannot be
        evaluated does not stop the run; it is listed under ``failed``.
    """
    found, on = _sorted(models, datasets)
    out = Path(out)
    yield Progress(0, 1, "Opening the detectors")
    judges = candidates(found, params, out / "found")
    params.check_options([one.given for one in judges if isinstance(one, DetectorCandidate)])
    sources = params.cases(on)
    what = {"command": "evaluate", "models": list(map(str, found)), "datasets": list(map(str, on))}
    with locked(out):
        claim(out, what | {"params": params.recorded()})
        judged = yield from part(judge_all(judges, sources, params, out), 0, JUDGING)
        return (yield from part(write_evaluation(out, judged, judges, params, what), JUDGING, 1))


def _sorted(models: Sequence[Path | str], datasets: Sequence[Path | str]) -> tuple[list[Path | str], list[Path | str]]:
    """Detectors and datasets; a command puts all but the last argument among the detectors."""
    models, datasets = ([one] if isinstance(one, (str, Path)) else one for one in (models, datasets))
    more = [one for one in models if is_dataset(Path(one))]
    found = [one for one in models if one not in more]
    if not found:
        raise UserError("There is no detector to evaluate.", "Give detectors first, then datasets.")
    return found, [*more, *datasets]
