import numpy as np
import pytest

from particleforge.micrograph import Micrograph
from particleforge.models.flat_labels import flat_remarks, touching_share
from particleforge.outline import Outline
from particleforge.sample import Sample


def sample(name: str, second: tuple[int, int], outlines: bool = False) -> Sample:
    labels = np.zeros((30, 30), np.uint32)
    labels[4:10, 4:10] = 1
    labels[second[0] : second[0] + 6, second[1] : second[1] + 6] = 7
    corners = np.array([(3.5, 3.5), (9.5, 3.5), (9.5, 9.5)])
    whole = tuple(Outline(label, corners, 1.0) for label in (1, 7)) if outlines else None
    return Sample(Micrograph(labels.astype(np.uint8), name=name), labels, targets={"outlines": whole} if whole else {})


@pytest.mark.parametrize(("second", "share"), [((4, 10), 1), ((10, 10), 1), ((10, 4), 1), ((4, 11), 0), ((20, 20), 0)])
def test_particles_touch_at_sides_and_corners(second: tuple[int, int], share: float) -> None:
    assert touching_share(sample("a", second).labels) == share
    assert touching_share(sample("a", second).labels[:, ::-1]) == share


def test_no_particles_touch_nothing() -> None:
    assert touching_share(np.zeros((5, 5), np.uint32)) == 0


def test_images_with_touching_labels_are_named_unless_whole_outlines_are_known() -> None:
    (line,) = flat_remarks([sample("apart", (20, 20)), sample("close", (4, 10)), sample("whole", (4, 10), True)])
    assert line.startswith("In 1 image (close) particles touch.")
    assert flat_remarks([sample("apart", (20, 20))]) == []
