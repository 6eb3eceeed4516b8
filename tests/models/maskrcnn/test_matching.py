import pytest
import torch
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork

from particleforge.models.maskrcnn.config import MaskRCNNConfig
from particleforge.models.maskrcnn.network import MaskRCNNNet


@pytest.mark.parametrize("count", [0, 1, 30])
def test_tried_boxes_are_assigned_as_torchvision_does(count: int) -> None:
    torch.manual_seed(count)
    net, side = MaskRCNNNet(MaskRCNNConfig(anchors_px=(16.0, 24.0, 32.0, 48.0))), 128
    levels = [torch.zeros(1, 1, side // stride, side // stride) for stride in net.strides]
    anchors = net.rpn.anchor_generator(ImageList(torch.zeros(1, 1, side, side), [(side, side)]), levels)
    corners = (torch.rand(count, 2) * side).round()
    boxes = torch.cat([corners, corners + (3 + torch.rand(count, 2) * 40).round()], 1)
    target = [{"boxes": boxes}]
    (labels,), (matched,) = net.rpn.assign_targets_to_anchors(anchors, target)
    (expected,), (true,) = RegionProposalNetwork.assign_targets_to_anchors(net.rpn, anchors, target)
    assert len(anchors[0]) > 4096 and torch.equal(labels, expected)
    assert torch.equal(matched[labels == 1], true[labels == 1])
