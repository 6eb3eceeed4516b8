import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.models.stardist.config import OFFICIAL, SMALL, StarDistConfig
from particleforge.models.stardist.network import StarDistNet

configs = st.builds(
    StarDistConfig,
    n_rays=st.integers(3, 12),
    grid=st.tuples(st.sampled_from((1, 2, 4)), st.sampled_from((1, 2, 4))),
    unet_n_depth=st.integers(1, 2),
    unet_kernel_size=st.tuples(st.sampled_from((1, 3, 5)), st.sampled_from((1, 3))),
    unet_n_filter_base=st.integers(1, 3),
    unet_n_conv_per_depth=st.integers(1, 3),
    unet_pool=st.tuples(st.integers(1, 3), st.integers(1, 2)),
    unet_activation=st.sampled_from(("relu", "elu", "linear")),
    unet_last_activation=st.sampled_from((None, "relu", "tanh")),
    unet_batch_norm=st.booleans(),
    net_conv_after_unet=st.sampled_from((0, 3)),
)


@settings(max_examples=40)
@given(configs, st.integers(1, 2), st.integers(1, 3))
def test_output_is_on_the_grid(config, rows, columns):
    height, width = rows * config.divisor[0], columns * config.divisor[1]
    logits, dist = StarDistNet(config).eval()(torch.rand(1, 1, height, width))
    on_grid = height // config.grid[0], width // config.grid[1]
    assert logits.shape == (1, 1, *on_grid)
    assert dist.shape == (1, config.n_rays, *on_grid)
    assert torch.isfinite(logits).all() and torch.isfinite(dist).all()


@settings(max_examples=40)
@given(configs)
def test_config_survives_the_official_file(config):
    assert StarDistConfig.from_official(config.to_official()).replace(other={}) == config


@pytest.mark.parametrize("config", [OFFICIAL, SMALL])
def test_every_convolution_has_one_official_name(config):
    net = StarDistNet(config)
    names = [name for name, _ in net.official_layers()]
    assert len(names) == sum(isinstance(part, torch.nn.Conv2d) for part in net.modules())
    named = [name for name in names if name]
    assert len(set(named)) == len(named)
    assert {"down_level_0_no_0", "middle_0", "middle_2", "up_level_0_no_2", "features", "prob", "dist"} <= set(named)


def test_an_old_official_config_without_grid_means_every_pixel():
    assert StarDistConfig.from_official({"n_rays": 32}).grid == (1, 1)


def reach(config: StarDistConfig, axis: int) -> int:
    """Greatest distance between a pixel and an output it changes, by trying every place of the pixel in a block."""
    net = StarDistNet(config.replace(unet_activation="linear", unet_last_activation="linear")).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.abs_()  # nothing cancels, so whatever can be changed is
    divisor, grid, length = (
        config.divisor[axis],
        config.grid[axis],
        2 * (config.halo_px[axis] // config.divisor[axis] + 2),
    )
    size = [config.divisor[0], config.divisor[1]]
    size[axis] = length * divisor
    middle = size[axis] // 2 // divisor * divisor
    farthest = 0
    for at in range(middle, middle + divisor):
        image = torch.zeros(1, 1, *size, dtype=torch.float64)
        image.movedim(2 + axis, 0)[at] = 1e6
        with torch.no_grad():
            net.double()
            change = net(image)[0][0, 0] - net(torch.zeros_like(image))[0][0, 0]
        changed = torch.nonzero(change.abs().amax(1 - axis)).flatten() * grid
        farthest = max(farthest, int((changed - at).abs().max()))
    return farthest


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"grid": (1, 4)},
        {"grid": (4, 4), "unet_n_depth": 1},
        {"unet_n_depth": 2, "unet_pool": (3, 2), "grid": (1, 1)},
        {"unet_kernel_size": (5, 1), "unet_n_conv_per_depth": 1, "net_conv_after_unet": 0},
        {"unet_n_conv_per_depth": 3, "unet_n_depth": 2, "unet_batch_norm": True},
    ],
)
@pytest.mark.parametrize("axis", [0, 1])
def test_halo_is_what_the_network_sees(options, axis):
    config = StarDistConfig(n_rays=3, unet_n_filter_base=1, **({"net_conv_after_unet": 1} | options))
    seen = reach(config, axis)
    assert seen <= config.halo_px[axis] <= seen + 2 * config.grid[axis]
