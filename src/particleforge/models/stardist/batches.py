"""Training batches for StarDist, made ahead in a thread."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from particleforge.models.patches import Patch
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.targets import targets

T = TypeVar("T")


class Batch(NamedTuple):
    """Tensors of a batch, (B, channels, height, width); targets and weight are on the network's grid."""

    image: Tensor
    prob: Tensor
    dist: Tensor
    weight: Tensor


def collate(patches: Sequence[Patch], config: StarDistConfig) -> Batch:
    """Patches and their targets as one batch."""
    goals = [targets(patch.labels, patch.known, config) for patch in patches]
    return Batch(
        torch.from_numpy(np.stack([patch.image for patch in patches])[:, None]),
        torch.from_numpy(np.stack([goal.prob for goal in goals])[:, None]),
        torch.from_numpy(np.stack([goal.dist for goal in goals])),
        torch.from_numpy(np.stack([goal.weight for goal in goals])[:, None]),
    )


def made_ahead(make: Callable[[int], T], ahead: int = 4) -> Generator[T, None, None]:
    """``make(0), make(1), ...`` without end, computed in order by one thread that runs `ahead`."""
    with ThreadPoolExecutor(1, "batches") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for number in count():
                waiting.append(pool.submit(make, number))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
