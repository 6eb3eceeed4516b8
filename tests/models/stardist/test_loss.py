import numpy as np
import pytest
import torch

from particleforge.models.stardist.loss import stardist_loss


def maps(seed=0, shape=(3, 6, 7), rays=5):
    """Logits, dist, prob target, dist target and a partly known weight as numpy arrays."""
    rng = np.random.default_rng(seed)
    batch, height, width = shape
    prob = np.clip(rng.uniform(-0.6, 1, (batch, 1, height, width)), 0, 1)
    return (
        rng.normal(0, 2, prob.shape),
        rng.normal(4, 3, (batch, rays, height, width)),
        prob,
        rng.uniform(0, 9, (batch, rays, height, width)) * (prob > 0),
        (rng.random(prob.shape) > 0.4).astype(float),
    )


def loss_of(*arrays):
    return stardist_loss(*(torch.from_numpy(array.astype(np.float64)) for array in arrays))


def cross_entropy(logits, target):
    p = 1 / (1 + np.exp(-logits))
    return -(target * np.log(p) + (1 - target) * np.log(1 - p))


def test_fully_known_with_equal_rays_it_is_the_official_formula():
    logits, dist, prob, dist_target, weight = maps()
    dist_target = np.broadcast_to(dist_target[:, :1], dist_target.shape)
    # Official package: binary_crossentropy + 0.2 * generic_masked_loss(mask=prob, mae, reg_weight=1e-4, norm_by_mask)
    error = np.mean(prob * np.abs(dist_target - dist), axis=1)
    penalty = np.mean((1 - prob) * np.abs(dist), axis=1)
    dist_loss = np.mean(error / (np.mean(prob) + 1e-7) + 1e-4 * penalty)
    expected = np.mean(cross_entropy(logits, prob)) + 0.2 * dist_loss
    found = loss_of(logits, dist, prob, dist_target, np.ones_like(weight))
    assert found.total.item() == pytest.approx(expected, rel=1e-9)
    assert found.prob.item() == pytest.approx(np.mean(cross_entropy(logits, prob)), rel=1e-9)


def test_partly_known_it_is_the_mean_over_known_pixels():
    logits, dist, prob, dist_target, weight = maps()
    known = weight[:, 0] > 0
    n = known.sum()
    p = prob[:, 0][known]
    reach = dist_target / np.maximum(dist_target.mean(1, keepdims=True), 1e-3)
    error = (reach * np.abs(dist_target - dist)).mean(1)[known]
    expected = cross_entropy(logits, prob)[:, 0][known].sum() / n
    expected += 0.2 * (p * error).sum() / p.sum()
    expected += 0.2 * 1e-4 * ((1 - p) * np.abs(dist).mean(1)[known]).sum() / n
    assert loss_of(logits, dist, prob, dist_target, weight).total.item() == pytest.approx(expected, rel=1e-6)


def test_an_error_counts_as_the_area_it_takes():
    """A long ray that is too short by 1 % costs as much more than a short one as the polygon's area loses more."""
    shape = (1, 1, 1, 1)
    true = np.array([1.0, 1, 30, 1]).reshape(1, 4, 1, 1)

    def cost(ray):
        told = true.copy()
        told[:, ray] *= 0.99
        return loss_of(np.zeros(shape), told, np.ones(shape), true, np.ones(shape)).dist.item()

    assert cost(2) / cost(0) == pytest.approx(30**2)


@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_what_is_not_known_has_no_influence(which):
    arrays = list(maps())
    before = loss_of(*arrays)
    unknown = np.broadcast_to(arrays[4] == 0, arrays[which].shape)
    arrays[which] = np.where(unknown, {0: -7.0, 1: 55.0, 2: 1.0, 3: 99.0}[which], arrays[which])
    assert loss_of(*arrays) == before
    arrays[which] = np.where(unknown, arrays[which], arrays[which] * 0.5)
    assert loss_of(*arrays).total != before.total


def test_unknown_pixels_get_no_gradient():
    logits, dist, prob, dist_target, weight = (torch.from_numpy(array) for array in maps())
    logits.requires_grad_()
    dist.requires_grad_()
    stardist_loss(logits, dist, prob, dist_target, weight).total.backward()
    unknown = weight == 0
    assert (logits.grad[unknown] == 0).all()
    assert (dist.grad[unknown.expand_as(dist)] == 0).all()
    assert (logits.grad[~unknown] != 0).all()


def test_nothing_known_is_zero():
    arrays = maps()
    found = loss_of(*arrays[:4], np.zeros_like(arrays[4]))
    assert [part.item() for part in found] == [0, 0, 0]


def test_no_particle_is_finite():
    logits, dist, prob, _, weight = maps()
    found = loss_of(logits, dist, 0 * prob, 0 * dist, weight)
    assert np.isfinite(found.total.item())
    assert found.prob.item() > 0


def test_the_gradient_is_that_of_the_loss():
    logits, dist, prob, dist_target, weight = (torch.from_numpy(array) for array in maps(shape=(1, 3, 3)))
    logits.requires_grad_()
    dist.requires_grad_()
    assert torch.autograd.gradcheck(lambda *told: stardist_loss(*told, prob, dist_target, weight).total, (logits, dist))
