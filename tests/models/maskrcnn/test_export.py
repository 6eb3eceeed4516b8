"""The network in other programs."""

import numpy as np
import pytest
import torch

from particleforge.errors import UserError
from particleforge.models.kind import MODELS
from particleforge.models.maskrcnn.exports.onnx import NAMES
from particleforge.models.maskrcnn.model import MaskRCNNModel, Note


@pytest.mark.slow
def test_an_exported_network_finds_the_same_in_images_of_any_size(tmp_path, net):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = MaskRCNNModel(net, Note(network=net.config, least_score=0.3))
    write = MODELS.get("maskrcnn").exports.get("onnx").write
    write(model, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"))
    net.limit(0.3, 300)
    for shape in ((64, 96), (160, 128)):
        image = np.random.default_rng(0).random((1, 1, *shape), np.float32)
        with torch.inference_mode():
            (expected,) = net(torch.from_numpy(image))
        found = dict(zip(NAMES, session.run(None, {"image": image}), strict=True))
        apart = np.abs(found["boxes"][:, None] - expected["boxes"].numpy()[None]).max(2)
        assert (apart.min(1) < 0.1).mean() > 0.97 and (apart.min(0) < 0.1).mean() > 0.97  # but for equal scores
        same = np.argwhere(apart < 0.1)
        masks, true = (
            one[of, 0] for one, of in ((found["masks"], same[:, 0]), (expected["masks"].numpy(), same[:, 1]))
        )
        assert np.abs(masks - true).max() < 0.05
    with pytest.raises(UserError, match="nothing is overwritten"):
        write(model, tmp_path / "net.onnx")
