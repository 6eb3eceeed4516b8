"""The network: losses, detections, and boxes where the particles are not known."""

import numpy as np
import pytest
import torch

from particleforge.models.maskrcnn.batches import collate
from particleforge.models.maskrcnn.config import MaskRCNNConfig
from particleforge.models.maskrcnn.network import MaskRCNNNet
from particleforge.models.maskrcnn.unknown import unknown_share
from particleforge.models.patches import Patch
from particleforge.models.whole import whole_particles


def patch(known=None, labelled=True, classes=None, outlines=None):
    labels = np.zeros((64, 64), np.uint32)
    labels[10:30, 10:30], labels[36:60, 36:56] = 3, 7
    image = np.where(labels > 0, 0.8, 0.2).astype(np.float32)
    return Patch(image, labels if labelled else 0 * labels, known, outlines, classes)


def test_targets_are_boxes_and_masks_of_the_particles():
    batch = collate([patch(), patch(labelled=False)], (), 0)
    one, empty = batch.targets
    assert one["boxes"].tolist() == [[10, 10, 30, 30], [36, 36, 56, 60]]
    assert one["labels"].tolist() == [1, 1] and "unknown" not in one
    assert [int(mask.sum()) for mask in one["masks"]] == [400, 480]
    assert empty["boxes"].shape == (0, 4) and empty["masks"].shape == (0, 64, 64)


def test_hidden_parts_belong_to_the_target_and_hidden_particles_do_not():
    lower = np.array([[10, 10], [10, 40], [29, 40], [29, 10]], float)
    buried = np.array([[12, 12], [12, 20], [20, 20], [20, 12]], float)
    outlines = {3: lower, 9: buried}
    found = whole_particles(patch(outlines=outlines))
    assert list(found) == [3]
    rows, columns = found[3]
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 29, 10, 40)


def test_classes_are_numbered_and_a_particle_without_one_is_not_background():
    batch = collate([patch(classes={3: "cube", 7: "blob"})], ("cube", "rod"), 0)
    (one,) = batch.targets
    assert one["labels"].tolist() == [1] and one["boxes"].tolist() == [[10, 10, 30, 30]]
    assert int(one["unknown"].sum()) == 480


def test_the_share_of_a_box_that_is_not_known():
    unknown = torch.zeros(40, 50, dtype=torch.bool)
    unknown[:, 25:] = True
    boxes = torch.tensor([[0.0, 0, 20, 20], [20, 5, 30, 15], [30, 0, 40, 40], [45, 30, 90, 80], [-9, -9, -2, -2]])
    assert unknown_share(boxes, unknown).tolist() == pytest.approx([0, 0.5, 1, 1, 0])


def test_boxes_on_unknown_ground_teach_nothing(net):
    known = np.zeros((64, 64), bool)
    known[:, :32] = True
    partly, wholly = (collate([patch(one)], (), 0).targets for one in (known, None))
    anchors = [torch.tensor([[2.0, 40, 22, 60], [40, 2, 60, 22], [10, 10, 30, 30], [36, 36, 56, 60]])]
    labels = [net.rpn.assign_targets_to_anchors(anchors, targets)[0][0].tolist() for targets in (partly, wholly)]
    assert labels == [[0, -1, 1, 1], [0, 0, 1, 1]]
    exact = [one | {"boxes": one["boxes"].float()} for one in partly]
    proposals, _, classes, _ = net.roi_heads.select_training_samples([anchors[0].clone()], exact)
    chosen = {tuple(box) for box in proposals[0].int().tolist()}
    assert (2, 40, 22, 60) in chosen and (40, 2, 60, 22) not in chosen
    assert {tuple(box): int(c) for box, c in zip(proposals[0].int().tolist(), classes[0], strict=True)}[
        10, 10, 30, 30
    ] == 1


def test_the_loss_is_the_same_whether_the_network_learns_or_not_but_for_batch_normalisation(net):
    batch = collate([patch(), patch(labelled=False)], (), 0)
    torch.manual_seed(1)
    first = net(batch.images, batch.targets)
    assert not net.training and not net.rpn.training and not net.roi_heads.training
    torch.manual_seed(1)
    with torch.inference_mode():
        assert net(batch.images, batch.targets) == first
    assert torch.isfinite(first) and first > 0


def test_an_image_without_particles_can_be_learned_from(net):
    batch = collate([patch(labelled=False)], (), 0)
    net.train()
    net(batch.images, batch.targets).backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


def test_folding_changes_nothing(net):
    images = torch.rand(1, 1, 64, 64)
    net.limit(0.01, 50)
    with torch.inference_mode():
        (one,), (other,) = net(images), net.prepared()(images)
    for name in one:
        torch.testing.assert_close(one[name], other[name], atol=1e-3, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["resnet50", "mobilenet"])
def test_large_backbones_learn_and_find(backbone):
    torch.manual_seed(0)
    net = MaskRCNNNet(MaskRCNNConfig(backbone=backbone, anchors_px=(16.0, 24.0, 32.0, 48.0, 64.0)))
    batch = collate([patch(), patch()], (), 0)
    net.train()
    loss = net(batch.images, batch.targets)
    loss.backward()
    assert torch.isfinite(loss)
    net.eval().limit(0.01, 20)
    with torch.inference_mode():
        (found,) = net(batch.images[:1])
    assert found["masks"].shape[1:] == (1, 28, 28) and len(found["boxes"]) <= 20
