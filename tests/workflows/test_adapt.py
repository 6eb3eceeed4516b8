import numpy as np
import pytest

from particleforge.draws import Uniform
from particleforge.errors import UserError
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.train_params import TrainParams
from particleforge.recipes.recipe import make_sample
from particleforge.recipes.shapes.outlines.superellipse import Superellipse
from particleforge.recipes.shapes.population import Population
from particleforge.recipes.shapes.recipe import Shapes
from particleforge.recipes.shapes.shading.flat import Flat
from particleforge.step import run
from particleforge.workflows.adapt import AdaptParams, adapt

DISCS = Population(
    outlines=(Superellipse(aspect=1),), diameter_px=16, gsd=1, contrast=Uniform(low=0.02, high=0.6), shadings=(Flat(),)
)
RECIPE = Shapes(height_px=64, width_px=64, first=DISCS, second_share=0, coverage=0.2, overlap=0, buried=0)
TINY = TrainParams(
    network=StarDistConfig(
        n_rays=16, unet_n_depth=2, unet_n_filter_base=8, net_conv_after_unet=16, unet_batch_norm=True
    ),
    normalize_scale=False,
    minutes=None,
    steps=150,
    patch_px=64,
    validations=1,
    diameter_px=16,
    learning_rate=0.01,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from particleforge.models.stardist.training import train_stardist
    from particleforge.models.training_set import TrainingSet

    samples = [make_sample(RECIPE, None, 0, i) for i in range(40)]
    return run(train_stardist(TrainingSet(synthetic=samples), tmp_path_factory.mktemp("model"), TINY))


@pytest.mark.slow
def test_the_recipe_goes_where_the_detector_is_bad(model):
    near = adapt(model, RECIPE, params=AdaptParams(count=60, worst=0.2, least_particles=1))
    assert 5 <= len(near.around) <= 12
    faint = np.mean([one.first.contrast for one in near.around])
    assert faint < 0.31  # the middle of all contrasts


def test_samples_without_particles_are_passed_over(model):
    with pytest.raises(UserError, match="None of 3 samples has 3 particles"):
        adapt(model, RECIPE.replace(coverage=0), params=AdaptParams(count=3))
