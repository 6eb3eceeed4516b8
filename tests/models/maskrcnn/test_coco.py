"""Weights of torchvision from files of the user."""

import hashlib
import io

import pytest
import torch

from particleforge.errors import UserError
from particleforge.models.maskrcnn.coco import cached_file, fill_from_coco
from particleforge.models.maskrcnn.config import MaskRCNNConfig
from particleforge.models.maskrcnn.network import MaskRCNNNet

FIRST = "backbone.body.0.0.weight"


def written(folder, weights, stated=None):
    """Write weights to a file that states its hash as torchvision's do."""
    content = io.BytesIO()
    torch.save(weights, content)
    path = folder / f"some-{stated or hashlib.sha256(content.getvalue()).hexdigest()[:8]}.pth"
    path.write_bytes(content.getvalue())
    return path


@pytest.fixture(scope="module")
def mobilenet():
    return MaskRCNNNet(MaskRCNNConfig(backbone="mobilenet"))


def test_weights_that_fit_are_taken_and_others_left(tmp_path, mobilenet):
    shape = mobilenet.state_dict()[FIRST].shape
    weights = {FIRST: torch.full(shape, 0.5), "roi_heads.box_predictor.cls_score.weight": torch.zeros(91, 1024)}
    assert fill_from_coco(mobilenet, written(tmp_path, weights)) == 1
    assert (mobilenet.state_dict()[FIRST] == 0.5).all()


@pytest.mark.parametrize(
    ("weights", "stated", "message"),
    [
        ({FIRST: torch.zeros(2)}, None, "holds no weights for the backbone mobilenet"),
        ({FIRST: torch.zeros(2)}, "00000000", "is damaged: its hash begins with"),
        ({FIRST: torch.full((16, 3, 3, 3), torch.nan)}, None, "not finite"),
        ([1], None, "is broken"),
    ],
)
def test_files_that_cannot_be_used_are_refused_in_words(tmp_path, mobilenet, weights, stated, message):
    with pytest.raises(UserError, match=message):
        fill_from_coco(mobilenet, written(tmp_path, weights, stated))


def test_a_file_without_a_hash_or_that_is_not_there_is_refused(tmp_path, mobilenet):
    with pytest.raises(UserError, match="is not a file"):
        fill_from_coco(mobilenet, tmp_path / "some-12345678.pth")
    (tmp_path / "plain.pth").write_bytes(b"")
    with pytest.raises(UserError, match="does not state the hash"):
        fill_from_coco(mobilenet, tmp_path / "plain.pth")


def test_without_the_file_a_sentence_says_where_it_belongs(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UserError, match="are not on this computer") as caught:
        cached_file("resnet50")
    place = tmp_path / "checkpoints" / "maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth"
    assert str(place) in str(caught.value)
    place.parent.mkdir()
    place.write_bytes(b"")
    assert cached_file("resnet50") == place
    with pytest.raises(UserError, match="no COCO weights for the backbone unet"):
        cached_file("unet")
