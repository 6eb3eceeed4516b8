"""Training targets computed with torch, for patches that are already on a graphics card.

They agree with `targets.targets` up to rounding, except that the largest distance to the edge of a particle is looked
for on the network's grid only. On a CPU the compiled kernels used there are far faster.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from particleforge.models.stardist.config import StarDistConfig

BLOCK = 8
"""Steps along the rays after which those that have left their particle are dropped."""
OUTSIDE = -1
"""Label around the image."""


class DeviceTargets(NamedTuple):
    """Targets on the network's grid: (B, 1, h, w), (B, n_rays, h, w), (B, 1, h, w); see `targets.Targets`."""

    prob: Tensor
    dist: Tensor
    weight: Tensor


def device_targets(labels: Tensor, known: Tensor, config: StarDistConfig) -> DeviceTargets:
    """Compute the targets of a batch of label images.

    Parameters
    ----------
    labels
        (B, Y, X) int32 instance ids, 0 = background; Y and X divisible by the grid.
    known
        (B, Y, X) bool, False where the image is not annotated.
    config
        Rays and grid.
    """
    cells = (slice(None), slice(None, None, config.grid[0]), slice(None, None, config.grid[1]))
    seeds = labels[cells]
    inside = seeds.flatten().nonzero()[:, 0]
    reached, cut = _rays(labels, seeds.shape, inside, config)
    dist = torch.zeros((seeds.numel(), config.n_rays), device=labels.device)
    dist[inside] = reached
    prob = torch.zeros(seeds.numel(), device=labels.device)
    particle = inside // seeds[0].numel() * (int(labels.max()) + 1) + seeds.flatten()[inside]
    prob[inside] = torch.sqrt(_depth(reached, cut, particle, float(max(labels.shape[1:]))) * _centred(reached))
    weight = known[cells].float()
    return DeviceTargets(
        prob.view(seeds.shape)[:, None], dist.view(*seeds.shape, -1).permute(0, 3, 1, 2), weight[:, None]
    )


def _rays(labels: Tensor, shape: torch.Size, inside: Tensor, config: StarDistConfig) -> tuple[Tensor, Tensor]:
    """(N, n_rays) distance to the edge from each grid point inside a particle, and whether a ray ends at the border."""
    margin = BLOCK + 2
    padded = torch.nn.functional.pad(labels, (margin,) * 4, value=OUTSIDE)
    flat, width = padded.flatten(), padded.shape[2]
    point = inside % (shape[1] * shape[2])
    row, column = point // shape[2] * config.grid[0], point % shape[2] * config.grid[1]
    image = inside // (shape[1] * shape[2])
    start = (image * padded.shape[1] + row + margin) * width + column + margin
    angle = torch.arange(config.n_rays, device=labels.device, dtype=torch.float64) * (2 * math.pi / config.n_rays)
    direction = torch.stack([angle.sin(), angle.cos()])
    own = flat[start]
    steps = torch.zeros((len(inside), config.n_rays), dtype=torch.int32, device=labels.device).flatten()
    going = torch.arange(len(steps), device=labels.device)
    done = 0
    while len(going):
        which, ray = going // config.n_rays, going % config.n_rays
        origin, value, count = start[which], own[which], torch.zeros_like(going, dtype=torch.int32)
        free = torch.ones_like(going, dtype=torch.bool)
        for step in range(done + 1, done + BLOCK + 1):
            away = (direction * step).round().long()
            free &= flat[origin + (away[0] * width + away[1])[ray]] == value
            count += free
        steps[going] += count
        done += BLOCK
        going = going[free]
    taken = steps.view(len(inside), config.n_rays)
    away = (direction[:, None] * (taken + 1)).round().long()
    cut = flat[start[:, None] + away[0] * width + away[1]] == OUTSIDE
    half = 0.5 / direction.abs().amax(0)  # the edge lies between the last step inside and the first one outside
    return (taken + half).float(), cut


def _depth(reached: Tensor, cut: Tensor, particle: Tensor, limit: float) -> Tensor:
    """(N,) distance to the edge relative to the largest one in the particle; the border of the image is no edge."""
    nearest = reached.masked_fill(cut, math.inf).amin(1).clamp(max=limit) + 0.5
    highest = int(particle.max()) + 1 if len(particle) else 0
    largest = torch.zeros(highest, device=reached.device).scatter_reduce(0, particle, nearest, "amax")
    return nearest / largest[particle]


def _centred(reached: Tensor) -> Tensor:
    """(N,) shorter part of the longest chord through each point, divided by half the chord."""
    opposite = reached.shape[1] // 2
    ahead, behind = reached[:, :opposite], reached[:, opposite : 2 * opposite]
    whole, longest = (ahead + behind).max(1)
    shorter = torch.minimum(ahead, behind).gather(1, longest[:, None])[:, 0]
    return 2 * shorter / whole.clamp(min=1e-6)
