"""Train a detector on datasets and annotated folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from particleforge.errors import UserError
from particleforge.models.stardist.train_params import TrainParams
from particleforge.sample import Joined, Sample
from particleforge.step import Progress, Step
from particleforge.store.annotated import read_annotated
from particleforge.store.dataset import Dataset
from particleforge.store.run_folder import claim
from particleforge.verb import verb

if TYPE_CHECKING:
    from particleforge.models.stardist.model import StarDistModel


def _report(model: StarDistModel, args: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": str(args["out"]), "prob_thresh": model.prob_thresh, "working_scale": model.working_scale}


@verb(_report, resumable=True)
def train(sources: Sequence[Path | str], out: Path | str, params: TrainParams = TrainParams()) -> Step[StarDistModel]:
    """Train a StarDist model; an interrupted run with the same sources and parameters is continued.

    Parameters
    ----------
    sources
        Datasets NAME.zarr (the synthetic samples) and annotated folders (the real ones).
    out
        Folder of the model; an interrupted run is continued.
    params
        Network, budget and settings.

    Raises
    ------
    UserError
        If a source cannot be read, or `out` holds something else.
    """
    yield Progress(0, 1, "Reading what to learn from")
    real: list[Sample] = []
    datasets: list[Dataset] = []
    paths, out = [Path(source) for source in sources], Path(out)
    for source in paths:
        if (source / "zarr.json").exists():
            datasets.append(Dataset.open(source))
        elif source.is_dir():
            real += read_annotated(source)
        else:
            raise UserError(f"{source} is no folder.", "Give NAME.zarr datasets and annotated folders.")
    what = {"sources": [str(path.resolve()) for path in paths]}
    claim(out, what | {"annotated": [sample.fingerprint() for sample in real]} | params.model_dump(mode="json"))
    from particleforge.models.stardist.training import TrainingSet, hold_out, train_stardist

    train_on, held_out = hold_out(real)
    samples = TrainingSet(real=train_on, synthetic=Joined(datasets), held_out=held_out)
    return (yield from train_stardist(samples, out, params))
