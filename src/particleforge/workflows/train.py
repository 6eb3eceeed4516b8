"""Train a model on datasets and annotated folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from particleforge.errors import UserError
from particleforge.models.kind import MODELS
from particleforge.models.training import begin_training, train_model
from particleforge.models.training_params import DEFAULT_KIND, TRAININGS, TrainingParams
from particleforge.models.training_set import TrainingSet
from particleforge.params import OneOfSeveral, Params
from particleforge.registry import NameOf
from particleforge.sample import Joined, Sample
from particleforge.step import Progress, Step
from particleforge.store.annotated import remarks_on
from particleforge.store.classified import read_examples
from particleforge.store.dataset import Dataset
from particleforge.store.run_folder import claim, locked
from particleforge.store.selection import ALL, Selection
from particleforge.verb import verb

if TYPE_CHECKING:
    from particleforge.models.roles import Model


def _settings() -> Mapping[str, type[Params]]:
    kinds = sorted(TRAININGS.members().items(), key=lambda item: item[0] != DEFAULT_KIND)
    return {f"{name} trainings": cls for name, cls in kinds}


class TrainParams(Selection):
    """What kind of model to train, and how; settings may also be given at top level."""

    model: Annotated[str, NameOf(TRAININGS)] = Field(DEFAULT_KIND, description="Kind of model.")
    settings: Annotated[dict[str, Any], OneOfSeveral(_settings)] = Field(
        {}, description="Budget and settings of the training, by name; they depend on the kind of model."
    )

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        own = {name: data[name] for name in cls.model_fields if name in data}
        rest = {name: value for name, value in data.items() if name not in cls.model_fields}
        model = rest.pop("kind", own.get("model", DEFAULT_KIND))
        return {"model": model, "settings": {**rest, **(own.get("settings") or {})}}

    def training(self) -> TrainingParams:
        """Parameters of the training.

        Raises
        ------
        UserError
            If there is no such kind or setting.
        """
        return TRAININGS.parse({**self.settings, "kind": self.model})


def _report(model: Model, args: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": str(args["out"]), **model.headline()}


@verb(_report, resumable=True)
def train(
    sources: Sequence[Path | str], out: Path | str, params: TrainParams | TrainingParams = TrainParams()
) -> Step[Model]:
    """Train a model; an interrupted run with the same sources and parameters is continued.

    Parameters
    ----------
    sources
        Datasets NAME.zarr (the synthetic samples) and annotated folders (the real ones).
    out
        Folder of the model; an interrupted run is continued.
    params
        Kind of model, budget and settings.

    Raises
    ------
    UserError
        If a source cannot be read or is not suitable for this kind of model, or `out` contains something else.
    """
    training, selection = (params.training(), params) if isinstance(params, TrainParams) else (params, ALL)
    yield Progress(0, 1, "Reading the training data")
    real: list[Sample] = []
    datasets: dict[str, Dataset] = {}
    paths, out = [Path(source) for source in sources], Path(out)
    for source in paths:
        if (source / "zarr.json").exists():
            datasets[str(source)] = Dataset.open(source)
            datasets[str(source)].check()
        elif source.is_dir():
            real += read_examples(source, selection)
        else:
            raise UserError(f"{source} is not a folder.", "Give NAME.zarr datasets and annotated folders.")
    for remark in remarks_on(real):
        yield Progress(0, 1, remark)
    what = {"sources": [str(path.resolve()) for path in paths]}
    with locked(out):
        claim(out, what | {"annotated": [sample.fingerprint() for sample in real]} | training.model_dump(mode="json"))
        begin_training(out, training, ", ".join(path.name for path in paths))
        train_on, held_out = MODELS.get(training.kind).hold_out(real, training)
        recipes = {path: dataset.meta.get("recipe", {}) for path, dataset in datasets.items()}
        samples = TrainingSet(train_on, Joined(list(datasets.values())), held_out=held_out, recipes=recipes)
        return (yield from train_model(samples, out, training))
