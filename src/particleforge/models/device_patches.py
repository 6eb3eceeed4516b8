"""A growing pool of training patches on a graphics card, and their variation there."""

import math
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from particleforge.draws import draw_many
from particleforge.models.patches import Augment
from particleforge.models.supply import PER_CHUNK, Chunk

POOL_SHARE = 0.35
"""Share of the free memory of a graphics card that the pool may take."""
POOL_BYTES = 2e9
"""Memory of the pool on a CPU."""
PATIENCE_SECONDS = 20
"""Time after which a training begins although fewer patches than wanted are there."""
BLUR_RADIUS_PX = 4


class DevicePatches(NamedTuple):
    """Varied patches: (B, Y, X) float32 grey values, int32 ids with 0 = background, and where both are known."""

    images: Tensor
    labels: Tensor
    known: Tensor


class Pool:
    """Patches on a device, filled by a thread while others draw from it; when it is full, the oldest are replaced.

    Use it as a context manager: filling begins with the block and ends with it.

    Parameters
    ----------
    supply
        Endless chunks of patches.
    size
        Side of the patches.
    device
        Where they are kept.
    least
        Number of patches that should be there before the first are drawn; see `PATIENCE_SECONDS`.
    """

    def __init__(self, supply: Iterator[Chunk], size: int, device: torch.device, least: int = 32 * PER_CHUNK) -> None:
        free = POOL_SHARE * torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else POOL_BYTES
        self.room = max(least, int(free / (size * size * 4))) // PER_CHUNK * PER_CHUNK
        self._images = torch.empty((self.room, size, size), dtype=torch.float16, device=device)
        self._codes = torch.empty((self.room, size, size), dtype=torch.int16, device=device)
        self._supply, self._device, self._least = supply, device, least
        self.received = 0
        self._enough, self._ended = threading.Event(), threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._fill, name="supply", daemon=True)

    def __enter__(self) -> "Pool":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _fill(self) -> None:
        try:
            with closing(self._supply) as supply:  # type: ignore[type-var]
                for chunk in supply:
                    if self._ended.is_set():
                        return
                    self._put(chunk)
        except Exception as error:  # noqa: BLE001  it is raised where the patches are drawn
            self._error = error
        finally:
            self._enough.set()

    def _put(self, chunk: Chunk) -> None:
        count = len(chunk.images)
        place = self.received % self.room
        self._images[place : place + count].copy_(torch.from_numpy(chunk.images))
        self._codes[place : place + count].copy_(torch.from_numpy(chunk.codes))
        self.received += count
        if self.received >= self._least:
            self._enough.set()

    def draw(self, count: int, augment: Augment, rng: np.random.Generator) -> DevicePatches:
        """Return random patches, varied as by `draw_patch`."""
        self._enough.wait(PATIENCE_SECONDS)
        while not self.received and not self._enough.wait(1):
            pass
        filled = min(self.received, self.room)
        if not filled and self._error is not None:
            raise self._error
        chosen = torch.from_numpy(rng.integers(filled, size=count)).to(self._device)
        images, labels, known = _moved(self._images[chosen].float(), self._codes[chosen], augment, rng)
        return DevicePatches(_vary_grey(images, augment, rng), labels, known)


def _moved(images: Tensor, codes: Tensor, augment: Augment, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Flip and rotate all patches; rotate some of them by any angle and scale them. What lies outside is unknown."""
    count, height, width = images.shape
    turned = rng.random(count) < augment.turned
    angle = np.where(turned, rng.uniform(0, 2 * math.pi, count), rng.integers(4, size=count) * (math.pi / 2))
    scale = np.where(turned, draw_many(augment.scale, rng, count), 1.0)
    flip = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    cosine, sine, none = np.cos(angle) / scale, np.sin(angle) / scale, np.zeros(count)
    matrix = np.stack([cosine * flip, -sine, none, sine * flip, cosine, none], -1).reshape(-1, 2, 3)
    grid = F.affine_grid(_on(matrix, images), [count, 1, height, width], align_corners=False)
    moved = F.grid_sample(images[:, None], grid, padding_mode="reflection", align_corners=False)[:, 0]
    known = codes >= 0
    ids = torch.where(known, codes, -1 - codes)
    layers = torch.stack([ids.float(), known.float()], 1)
    layers = F.grid_sample(layers, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return moved, layers[:, 0].round().int(), layers[:, 1] > 0.5


def _vary_grey(images: Tensor, augment: Augment, rng: np.random.Generator) -> Tensor:
    """Apply gamma (between 0 and 1 only), inversion, gain, offset, gradient, blur and noise; see `draw_patch`."""
    count, height, width = images.shape

    def per_patch(values: np.ndarray) -> Tensor:
        return _on(values, images).view(-1, 1, 1)

    between = (images > 0) & (images < 1)
    gamma = per_patch(draw_many(augment.gamma, rng, count))
    images = torch.where(between, images.clamp(1e-6, 1) ** gamma, images)
    images = torch.where(per_patch(rng.random(count) < augment.inverted) > 0, 1 - images, images)
    images = images * per_patch(draw_many(augment.gain, rng, count)) + per_patch(draw_many(augment.offset, rng, count))
    angle, slope = rng.uniform(0, 2 * math.pi, count), draw_many(augment.shading, rng, count)
    rows, columns = (torch.linspace(-0.5, 0.5, n, device=images.device) for n in (height, width))
    images = images + per_patch(slope * np.sin(angle)) * rows[:, None] + per_patch(slope * np.cos(angle)) * columns
    blur = np.where(rng.random(count) < 0.5, draw_many(augment.blur_sigma_px, rng, count), 0)
    images = _blurred(images, _on(blur, images))
    generator = torch.Generator(images.device).manual_seed(int(rng.integers(2**31)))
    noise = torch.randn(images.shape, device=images.device, generator=generator)
    return images + per_patch(draw_many(augment.noise, rng, count)) * noise


def _blurred(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each image with its own width; those with a width up to 0.2 px stay as they are."""
    away = torch.arange(-BLUR_RADIUS_PX, BLUR_RADIUS_PX + 1, device=images.device)
    weights = torch.exp(-0.5 * (away / sigma.clamp(min=1e-3)[:, None]) ** 2)
    weights = torch.where(sigma[:, None] > 0.2, weights, (away == 0).float())
    weights = weights / weights.sum(1, keepdim=True)
    wide = F.pad(images[None], (BLUR_RADIUS_PX,) * 4, mode="replicate")
    wide = F.conv2d(wide, weights[:, None, :, None], groups=len(images))
    return F.conv2d(wide, weights[:, None, None, :], groups=len(images))[0]


def _on(values: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32)).to(like.device)
