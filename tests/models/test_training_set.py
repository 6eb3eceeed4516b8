"""Some annotated particles are used for validation only."""

import numpy as np

from particleforge.micrograph import Micrograph
from particleforge.models.training_set import spare
from particleforge.sample import Sample


def discs(count, known=True):
    """Discs in a row, partly annotated unless `known` is None, with a stroke of background below."""
    labels = np.zeros((60, 40 * count), np.uint32)
    rows, columns = np.indices(labels.shape)
    for number in range(count):
        labels[np.hypot(rows - 20, columns - 20 - 40 * number) < 9] = number + 1
    where = (labels > 0) | (rows > 50)
    return Sample(Micrograph(labels.astype(np.float32)), labels, known=where if known else None)


def test_every_fifth_particle_is_spared_and_not_trained_on():
    whole = discs(11)
    (rest,), (spared,) = spare([whole])
    assert set(np.unique(spared.labels)) == {0, 5, 10}
    assert set(np.unique(rest.labels)) == {0, *range(1, 12)} - {5, 10}
    assert not (rest.known & spared.known).any()
    assert (rest.known | spared.known == whole.known).all()
    assert rest.known[rest.labels > 0].all() and spared.known[spared.labels > 0].all()


def test_few_particles_and_completely_annotated_images_stay_whole():
    few, complete = discs(4), discs(11, known=None)
    train_on, spared = spare([few, complete])
    assert train_on == [few, complete] and spared == []
