"""A trained estimator in a folder."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, Field

from particleforge.errors import UserError
from particleforge.micrograph import Micrograph
from particleforge.models import roles
from particleforge.models.estimator.config import NetworkConfig
from particleforge.models.estimator.kind import NOTE
from particleforge.models.estimator.preparation import Bytes, Preparation
from particleforge.models.estimator.target import AnyTarget, Batch, Floats, Ints, Target
from particleforge.models.estimator.together import Together
from particleforge.models.roles import Estimate
from particleforge.models.weights import COPY, broken_weights, checked_weights, of_bearable_size
from particleforge.params import Params
from particleforge.store.files import atomic_write, disk_errors

if TYPE_CHECKING:
    from particleforge.models.estimator.network import EstimatorNet

LARGEST_ITEM, NPY_HEADER = 8, 4096
"""Bytes of a number and of what stands before the numbers in a file of weights, at most."""
CHUNK = 32
"""Images processed by a network at once."""


@dataclass(frozen=True, eq=False)
class Part:
    """A target and its networks.

    Parameters
    ----------
    target
        What is estimated.
    limits
        Least and largest value of the parameter.
    nets
        By the names the target gives them.
    held_out
        Mean absolute errors on held-out samples.
    together
        Correction of the mean of several images; None: the mean is used as it is.
    """

    target: Target
    limits: tuple[float, float]
    nets: Mapping[str, EstimatorNet]
    held_out: Mapping[str, float] = field(default_factory=dict)
    together: Together | None = None

    def estimate(self, images: Bytes) -> Estimate:
        """Estimate from (n, Y, X) prepared images."""
        features, everyone = self._features(images), np.arange(len(images))
        per_image = None if isinstance(self.target, Batch) else self._each(features)
        spread = error = None
        if len(images) > 1:
            without = self._together(features, [np.delete(everyone, i) for i in everyone])
            error = float(np.sqrt((len(images) - 1) * without.var()))
            spread = None if per_image is None else float(per_image.std(ddof=1))
        value = float(self._together(features, [everyone])[0])
        return Estimate(
            self.target.parameter,
            value,
            self.in_recipe(value),
            per_image,
            spread,
            error,
            limits=self.limits,
            held_out=self.held_out,
        )

    def value(self, images: Bytes) -> float:
        """Estimate from (n, Y, X) prepared images together, without uncertainty."""
        return float(self._together(self._features(images), [np.arange(len(images))])[0])

    def per_image(self, images: Bytes) -> Floats:
        """Estimate from each of (n, Y, X) prepared images separately."""
        return self._each(self._features(images))

    def in_recipe(self, value: float) -> float:
        """Nearest value possible in the recipe."""
        return float(np.clip(np.rint(value) if self.target.whole else value, *self.limits))

    def _features(self, images: Bytes) -> dict[str, Floats]:
        return {name: _features(net, images, self.target) for name, net in self.nets.items()}

    def _each(self, features: Mapping[str, Floats]) -> Floats:
        return self._read({name: np.split(found, len(found)) for name, found in features.items()})

    def _together(self, features: Mapping[str, Floats], sets: Sequence[Ints]) -> Floats:
        """Value of each set of images, given by their indices."""
        if isinstance(self.target, Batch):
            return self._read({name: [found[kept] for kept in sets] for name, found in features.items()})
        each = self._each(features)
        return np.array([self.of_several(each[kept]) for kept in sets])

    def of_several(self, each: Floats) -> float:
        """Value from the estimates of single images."""
        mean = float(each.mean())
        if self.together is None:
            return mean
        return float(np.clip(self.together(mean, len(each)), *reach_of(self.target, self.limits)))

    def _read(self, features: Mapping[str, Sequence[Floats]]) -> Floats:
        """Value of each set of images from its features for every network."""
        outputs = {name: np.array([_predict(self.nets[name], one) for one in sets]) for name, sets in features.items()}
        if not all(np.isfinite(values).all() for values in outputs.values()):
            raise UserError(f"The network for {self.target.parameter} gives numbers that are not finite.", COPY)
        return self.target.combine(outputs, reach_of(self.target, self.limits))


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if not limits[0] < limits[1]:
        raise ValueError("the first limit must be below the second")
    return limits


class _Part(Params):
    target: AnyTarget
    limits: Annotated[tuple[float, float], AfterValidator(_ascending)]
    held_out: dict[str, float] = Field(default_factory=dict)
    together: Together | None = None


class _Note(Params):
    parts: tuple[_Part, ...] = Field(min_length=1)
    preparation: Preparation
    network: NetworkConfig
    recipe: dict[str, Any]
    provenance: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Estimator(roles.Estimator):
    """Trained networks and everything needed to use them.

    Parameters
    ----------
    parts
        One per target.
    preparation
        Prepares images.
    network
        Sizes of the layers.
    recipe
        Plain data of the recipe it was trained on; empty if there was none.
    provenance
        Plain data: what it was trained on and how.
    """

    parts: Sequence[Part]
    preparation: Preparation
    network: NetworkConfig
    recipe: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load a model folder.

        Raises
        ------
        UserError
            If there is none, or a file is missing or broken.
        """
        if not (folder / NOTE).is_file():
            raise UserError(
                f"{folder} holds no estimator.",
                "Give a folder in which `particleforge train --model estimator` has finished.",
            )
        note = _Note.from_yaml(folder / NOTE)
        parts = []
        for number, one in enumerate(note.parts):
            nets = {
                name: load_net(folder, net_name(number, name), note.network, note.preparation, one.target)
                for name in one.target.networks
            }
            parts.append(Part(one.target, one.limits, nets, one.held_out, one.together))
        return cls(parts, note.preparation, note.network, note.recipe, note.provenance)

    def save(self, folder: Path) -> None:
        """Write the model; the note is written last, so that it means the model is complete."""
        for number, part in enumerate(self.parts):
            for name, net in part.nets.items():
                save_net(folder, net_name(number, name), net)
        parts = [
            {name: getattr(part, name) for name in ("target", "limits", "together")} | {"held_out": dict(part.held_out)}
            for part in self.parts
        ]
        others = {name: getattr(self, name) for name in ("preparation", "network", "recipe", "provenance")}
        note = _Note.parse({"parts": parts, **others})
        with atomic_write(folder / NOTE) as path:
            path.write_text(note.to_yaml(), encoding="utf-8")

    def headline(self) -> dict[str, Any]:
        """Mean absolute error of each parameter on held-out samples."""
        errors = {
            part.target.parameter: part.held_out.get("together", part.held_out.get("per_image")) for part in self.parts
        }
        return {f"error of {name}": None if error is None else round(error, 4) for name, error in errors.items()}

    def estimate(self, micrographs: Iterable[Micrograph]) -> list[Estimate]:
        """Estimate every parameter from images of a single material.

        Raises
        ------
        UserError
            If there is no image, or one is empty or does not fit; see `Preparation`.
        """
        images = []
        for micrograph in micrographs:
            images.append(self.preparation(micrograph))
            if np.ptp(images[-1]) == 0:
                raise UserError(
                    f"{micrograph.name}: all pixels have the same grey level, so nothing can be estimated from it.",
                    "Leave this image out.",
                )
        if not images:
            raise UserError("There is no image to estimate from.", "Give one or more; ten are typical.")
        return [part.estimate(np.stack(images)) for part in self.parts]


def reach_of(target: Target, limits: tuple[float, float]) -> tuple[float, float]:
    """Range of the output of a network: a little more than that of the parameter."""
    margin = target.tolerance * (limits[1] - limits[0])
    return limits[0] - margin, limits[1] + margin


def net_name(number: int, name: str) -> str:
    """File name of a network of a target."""
    return f"{number}_{name}"


def save_net(folder: Path, name: str, net: EstimatorNet) -> None:
    """Write the weights of a network."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    weights = {key: tensor.cpu().numpy() for key, tensor in net.state_dict().items()}
    whole = io.BytesIO()
    np.savez_compressed(whole, allow_pickle=False, **weights)
    with atomic_write(folder / f"{name}.npz") as path:
        path.write_bytes(whole.getbuffer())


def load_net(
    folder: Path, name: str, config: NetworkConfig, preparation: Preparation, target: Target, outputs: int = 1
) -> EstimatorNet:
    """Read the weights of a network.

    Raises
    ------
    UserError
        If the file is missing, broken, or belongs to another network.
    """
    import torch

    from particleforge.models.estimator.network import EstimatorNet

    path = folder / f"{name}.npz"
    net = of_bearable_size(lambda: EstimatorNet(config, preparation.shape, target, outputs), folder / NOTE)
    wanted = net.state_dict()
    with broken_weights(path), path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        if set(file.files) != set(wanted):
            raise UserError(f"{path} does not fit {folder / NOTE}: it holds other layers.", COPY)
        weights = {}
        for key, tensor in wanted.items():
            if file.zip.getinfo(f"{key}.npy").file_size > LARGEST_ITEM * tensor.numel() + NPY_HEADER:
                raise UserError(f"{path}: {key} is larger than {folder / NOTE} states.", COPY)
            weights[key] = torch.from_numpy(checked_weights(file[key], tuple(tensor.shape), f"{path}: {key}"))
    net.load_state_dict(weights)
    return net.eval()


def _features(net: EstimatorNet, images: Bytes, target: Target) -> Floats:
    """(n, features) of prepared images."""
    import torch

    from particleforge.models.estimator.network import network_input

    with torch.inference_mode():
        chunks = [
            net.features(network_input(torch.from_numpy(images[i : i + CHUNK])[:, None], target))
            for i in range(0, len(images), CHUNK)
        ]
        return np.asarray(torch.cat(chunks).numpy())


def _predict(net: EstimatorNet, features: Floats) -> float:
    import torch

    with torch.inference_mode():
        return float(net.predict(torch.from_numpy(features)))
