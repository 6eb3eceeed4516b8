"""Time and memory of Mask R-CNN on a processor: a training step, and an image with several hundred particles.

Each run of ``uv run python benchmarks/maskrcnn_speed.py --backbone unet --side 256`` measures one case in a process of
its own, since memory is the largest it ever had. ``--image 1024`` measures an image in place of a step: the network is
untrained, and finds the best ``--particles``.
"""

import argparse
import resource
import time

import numpy as np
import torch
from skimage.draw import disk

from particleforge.models.maskrcnn.batches import collate
from particleforge.models.maskrcnn.config import MaskRCNNConfig
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.patches import Patch


def discs(side: int, step: int = 32) -> Patch:
    """Discs of 24 px on a grid."""
    labels = np.zeros((side, side), np.uint32)
    for label, (row, column) in enumerate(np.ndindex(side // step, side // step), start=1):
        labels[disk((step * row + step / 2, step * column + step / 2), 12, shape=labels.shape)] = label
    noise = 0.1 * np.random.default_rng(0).standard_normal(labels.shape)
    return Patch(((labels > 0) + noise).astype(np.float32), labels, None)


def step_s(net: MaskRCNNNet, side: int, steps: int) -> float:
    """CPU seconds of a training step with two patches."""
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-4)
    batch = collate([discs(side), discs(side)], (), 0)
    for number in range(steps + 1):
        if number == 1:  # the first one prepares
            began = time.process_time()
        loss = net(batch.images, batch.targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (time.process_time() - began) / steps


@torch.inference_mode()
def image_s(net: MaskRCNNNet, side: int, particles: int) -> float:
    """CPU seconds of the network on an image in one piece."""
    net = net.prepared()
    net.limit(0.01, particles)
    image = torch.from_numpy(discs(side).image)[None, None]
    net(image[..., :128, :128])
    began = time.process_time()
    net(image)
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="unet")
    parser.add_argument("--side", type=int, default=256, help="side of the patches in px")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--image", type=int, default=0, help="side of an image to be searched, in place of training")
    parser.add_argument("--particles", type=int, default=300)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = MaskRCNNNet(MaskRCNNConfig(backbone=args.backbone, anchors_px=(16.0, 24.0, 32.0, 48.0)))
    weights = sum(parameter.numel() for parameter in net.parameters()) / 1e6
    seconds = image_s(net, args.image, args.particles) if args.image else step_s(net, args.side, args.steps)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    what = f"image of {args.image} px" if args.image else f"step with 2 x {args.side} px"
    print(f"{args.backbone} ({weights:.1f} M weights), {what}: {seconds:.2f} CPU s, {memory:.2f} GB in all")


if __name__ == "__main__":
    main()
