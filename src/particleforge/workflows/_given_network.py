"""A network of the user in an ONNX file that makes a vector of an image."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from particleforge.errors import UserError
from particleforge.quality.view import Greys
from particleforge.store.files import sha256

if TYPE_CHECKING:
    import onnxruntime

Greyscale: TypeAlias = Literal["0_to_1", "-1_to_1", "0_to_255", "imagenet", "clip"]
_MEANS_AND_SDS: dict[str, tuple[Any, Any]] = {
    "0_to_1": (0.0, 1.0),
    "-1_to_1": (0.5, 0.5),
    "0_to_255": (0.0, 1 / 255),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}
USUAL_PX = 224
"""Side of the image if the network takes any."""


class GivenNetwork:
    """The network.

    Parameters
    ----------
    path
        The ONNX file, with one image as input, (1, 1 or 3, Y, X), and vectors as its first output.
    greys
        What it takes grey values between 0 and 1 as.

    Raises
    ------
    UserError
        If the file cannot be used.
    """

    def __init__(self, path: Path, greys: Greyscale) -> None:
        if not path.is_file():
            raise UserError(f"{path} is not a file.", "Give a network as an ONNX file.")
        self.path, self._greys = path, greys
        self.sha256 = sha256(path)
        _, self._shape = self._input()

    def __reduce__(self) -> tuple[type[GivenNetwork], tuple[Any, ...]]:
        return GivenNetwork, (self.path, self._greys)

    @property
    def key(self) -> str:
        """Text that identifies what is computed."""
        return f"{self.sha256} {self._greys}"

    def __call__(self, grey: Greys) -> Greys:
        """(1, d) vector of the middle square of (Y, X) grey values between 0 and 1.

        Raises
        ------
        UserError
            If the network gives no vector, or numbers that are not finite.
        """
        from skimage.transform import resize

        channels, *sides = self._shape
        side = min(grey.shape)
        top, left = ((length - side) // 2 for length in grey.shape)
        square = np.clip(grey[top : top + side, left : left + side], 0, 1)
        resized = resize(square, sides, order=1, anti_aliasing=side > min(sides))  # type: ignore[no-untyped-call]
        mean, sd = (np.reshape(one, (-1, 1, 1)) for one in _MEANS_AND_SDS[self._greys])
        image = (np.repeat(resized[None], channels, axis=0) - mean[:channels]) / sd[:channels]
        name, _ = self._input()
        try:
            found = np.asarray(self._session.run(None, {name: image[None].astype(np.float32)})[0])
        except Exception as error:
            raise UserError(f"{self.path} cannot be used on an image of {sides[0]} x {sides[1]} px: {error}") from error
        if found.ndim == 4:
            found = found.mean((2, 3))
        if found.ndim != 2 or len(found) != 1:
            raise UserError(
                f"{self.path} makes an array of shape {found.shape} of an image; a vector, (1, d), is needed.",
                "Export the network with the vector of the image as its first output.",
            )
        if not np.isfinite(found).all():
            raise UserError(f"{self.path} gives numbers that are not finite.", "Check how it takes grey values.")
        return found.astype(np.float32)

    def _input(self) -> tuple[str, tuple[int, int, int]]:
        """Name of the input, and its channels, height and width."""
        inputs = self._session.get_inputs()
        shape = [] if len(inputs) != 1 else list(inputs[0].shape)
        if len(shape) != 4 or shape[1] not in (1, 3):
            raise UserError(
                f"{self.path} takes {len(inputs)} inputs{f', of shape {shape}' if shape else ''}; one image, "
                "(1, 1 or 3, height, width), is needed.",
                "Export the network that makes a vector of an image alone.",
            )
        height, width = (side if isinstance(side, int) and side > 0 else USUAL_PX for side in shape[2:])
        return inputs[0].name, (shape[1], height, width)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        try:
            import onnxruntime
        except ImportError as error:
            hint = "Install napari-particleforge[fast]."
            raise UserError("Reading networks needs onnxruntime, which is not installed.", hint) from error
        try:
            return onnxruntime.InferenceSession(self.path, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise UserError(f"{self.path} is not an ONNX file that can be read: {error}") from error
