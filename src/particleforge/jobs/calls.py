"""The steps a job may call: plain data in, plain data out.

Each function stands for the step of its name; imports are inside, so that a child loads what its job needs only.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from particleforge.errors import UserError
from particleforge.jobs.messages import Plain, Task
from particleforge.step import Step

if TYPE_CHECKING:
    from particleforge.measurement.results import Measurement
    from particleforge.models.roles import Estimate
    from particleforge.recipes.recipe import Recipe
    from particleforge.sample import Sample


def steps(task: Task) -> Step[Plain]:
    """Return the generator of the step a task calls.

    Raises
    ------
    UserError
        If there is no such step.
    """
    if task.call not in CALLS:
        near = difflib.get_close_matches(task.call, CALLS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(CALLS)}."
        raise UserError(f"{task.call!r} is no step that jobs run.", hint)
    return CALLS[task.call](task.params, **task.args)


def learn(params: Plain, folder: str, out: str) -> Step[Plain]:
    """See `particleforge.workflows.learn.learn`."""
    from particleforge.workflows.learn import LearnParams, learn

    learned = yield from learn.steps(folder, out, LearnParams.parse(params))
    return learned.report()


def train(params: Plain, sources: list[str], out: str) -> Step[Plain]:
    """See `particleforge.workflows.train.train`."""
    from particleforge.models.stardist.train_params import TrainParams
    from particleforge.workflows.train import train

    model = yield from train.steps(sources, out, TrainParams.parse(params))
    return {"model": out, "prob_thresh": model.prob_thresh, "working_scale": model.working_scale}


def adapt(params: Plain, model: str, recipe: str | Plain, sources: str | None = None) -> Step[Plain]:
    """See `particleforge.workflows.adapt.adapt`; recipe and sources as for `synthesize`, the result holds a recipe."""
    from particleforge.workflows.adapt import AdaptParams, adapt

    near = yield from adapt.steps(model, _recipe(recipe), _annotated(sources), AdaptParams.parse(params))
    return {"recipe": near.model_dump(mode="json")}


def synthesize(params: Plain, recipe: str | Plain, out: str, sources: str | None = None) -> Step[Plain]:
    """See `particleforge.recipes.synthesize.synthesize`.

    The recipe is a YAML file, a kind or plain data with a kind; sources are an annotated folder.
    """
    from particleforge.recipes.synthesize import SynthesizeParams, synthesize

    parsed = SynthesizeParams.parse(params)
    dataset = yield from synthesize.steps(_recipe(recipe), _annotated(sources), Path(out), parsed)
    return {"dataset": out, "samples": len(dataset)}


def measure(params: Plain, model: str, images: str, out: str) -> Step[Plain]:
    """See `particleforge.workflows.measure.measure`."""
    from particleforge.workflows.measure import MeasureParams, measure

    return _measured((yield from measure.steps(model, images, out, MeasureParams.parse(params))))


def predict(params: Plain, model: str, images: str, out: str) -> Step[Plain]:
    """See `particleforge.workflows.measure.predict`."""
    from particleforge.workflows.measure import MeasureParams, predict

    written = yield from predict.steps(model, images, out, MeasureParams.parse(params))
    return {"labels": [str(path) for path in written]}


def sizes(params: Plain, labels_folder: str, out: str, images: str | None = None) -> Step[Plain]:
    """See `particleforge.workflows.sizes.sizes`."""
    from particleforge.workflows.sizes import SizesParams, sizes

    return _measured((yield from sizes.steps(labels_folder, out, SizesParams.parse(params), images)))


def estimate(params: Plain, model: str, images: str, out: str) -> Step[Plain]:
    """See `particleforge.workflows.estimate.estimate`."""
    from particleforge.workflows.estimate import EstimateParams, estimate

    found = yield from estimate.steps(model, images, out, EstimateParams.parse(params))
    return {"results": out, "estimates": _estimated(found)}


def shadow(params: Plain, model: str, images: str, out: str) -> Step[Plain]:
    """See `particleforge.workflows.shadow.shadow`."""
    from particleforge.workflows.shadow import ShadowParams, shadow

    grown = yield from shadow.steps(model, images, out, ShadowParams.parse(params))
    recipe = grown.recipe.model_dump(mode="json")
    return {"results": out, "estimates": _estimated(grown.estimates), "recipe": recipe, "refused": grown.refused}


def import_folder(params: Plain, folder: str, out: str, format_name: str = "pairs") -> Step[Plain]:
    """See `particleforge.workflows.import_folder.import_folder`, which has no parameters."""
    from particleforge.workflows.import_folder import import_folder

    if params:
        raise UserError(f"import_folder has no parameters, such as {next(iter(params))!r}.", "Leave them out.")
    dataset = yield from import_folder.steps(Path(folder), Path(out), format_name)
    return {"dataset": out, "samples": len(dataset)}


def warm_up(params: Plain) -> Step[Plain]:
    """See `particleforge.annotate.click.warm_up`, which has no parameters."""
    from particleforge.annotate.click import warm_up

    yield from warm_up.steps()
    return {}


def _recipe(given: str | Plain) -> "Recipe":
    from particleforge.recipes.any import parse_recipe, read_recipe

    return parse_recipe(given) if isinstance(given, Mapping) else read_recipe(given)


def _annotated(folder: str | None) -> "list[Sample]":
    from particleforge.store.annotated import read_annotated

    return read_annotated(Path(folder)) if folder else []


def _estimated(found: "Sequence[Estimate]") -> list[JsonValue]:
    return [
        {"parameter": one.parameter, "value": one.value, "standard_error": one.standard_error, "spread": one.spread}
        for one in found
    ]


def _measured(measured: "Measurement") -> Plain:
    return {"results": str(measured.out), "table": str(measured.table), "summary": measured.summary}


CALLS: dict[str, Callable[..., Step[Plain]]] = {
    "particleforge.workflows.learn:learn": learn,
    "particleforge.workflows.train:train": train,
    "particleforge.workflows.adapt:adapt": adapt,
    "particleforge.workflows.measure:measure": measure,
    "particleforge.workflows.measure:predict": predict,
    "particleforge.workflows.sizes:sizes": sizes,
    "particleforge.workflows.estimate:estimate": estimate,
    "particleforge.workflows.shadow:shadow": shadow,
    "particleforge.workflows.import_folder:import_folder": import_folder,
    "particleforge.recipes.synthesize:synthesize": synthesize,
    "particleforge.annotate.click:warm_up": warm_up,
}
"""Every step jobs run, by its reference."""
