"""Dividing a large image into tiles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from particleforge.models.stardist.config import SMALL, StarDistConfig
from particleforge.models.tiles import tiles

CONFIGS = (
    StarDistConfig(unet_n_depth=1, grid=(1, 1)),
    StarDistConfig(unet_n_depth=2, grid=(4, 1)),
    StarDistConfig(unet_n_depth=2, unet_pool=(3, 2)),
    SMALL,
)


@given(st.sampled_from(CONFIGS), st.tuples(st.integers(1, 60), st.integers(1, 60)), st.integers(1, 500))
def test_tiles_cover_everything_once_are_equal_and_see_far_enough(config, steps, tile_px):
    shape = steps[0] * config.divisor[0], steps[1] * config.divisor[1]
    count = np.zeros(shape, int)
    sides: tuple[set[int], set[int]] = (set(), set())
    for tile in tiles(shape, config, tile_px):
        count[tile.kept] += 1
        for axis in range(2):
            kept, seen, divisor = tile.kept[axis], tile.seen[axis], config.divisor[axis]
            sides[axis].add(kept.stop - kept.start)
            assert kept.start % divisor == seen.start % divisor == seen.stop % divisor == 0
            assert seen.start == 0 or kept.start - seen.start >= config.halo_px[axis]
            assert seen.stop == shape[axis] or seen.stop - kept.stop >= config.halo_px[axis]
    assert (count == 1).all()
    for axis in range(2):
        assert max(sides[axis]) <= max(tile_px, config.divisor[axis])
        assert max(sides[axis]) - min(sides[axis]) <= config.divisor[axis]


@pytest.mark.parametrize(
    ("side", "tile_px", "count"), [(2064, 2112, 1), (2112, 2112, 1), (4112, 2112, 4), (1040, 1024, 4)]
)
def test_as_few_tiles_as_possible(side, tile_px, count):
    assert len(list(tiles((side, side), SMALL, tile_px))) == count


@settings(max_examples=50)
@given(st.sampled_from(CONFIGS), st.tuples(st.integers(1, 30), st.integers(1, 30)), st.integers(1, 300))
def test_windows_on_the_grid_put_a_map_together_again(config, steps, tile_px):
    shape = steps[0] * config.divisor[0], steps[1] * config.divisor[1]
    y, x = config.grid
    image = np.arange(shape[0] * shape[1]).reshape(shape)
    together = np.zeros_like(image[::y, ::x])
    for tile in tiles(shape, config, tile_px):
        whole, own = tile.on_grid(config.grid)
        together[whole] = image[tile.seen][::y, ::x][own]
    assert np.array_equal(together, image[::y, ::x])
