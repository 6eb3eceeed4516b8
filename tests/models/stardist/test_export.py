import zipfile
from io import BytesIO

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import yaml

from particleforge.cli.main import main
from particleforge.errors import UserError
from particleforge.models.normalize import normalize
from particleforge.models.stardist.config import StarDistConfig
from particleforge.models.stardist.exports import bioimageio
from particleforge.models.stardist.exports import onnx as onnx_export
from particleforge.models.stardist.model import StarDistModel
from particleforge.models.stardist.network import StarDistNet
from particleforge.models.stardist.predict import network_maps


def random_model(**options):
    torch.manual_seed(0)
    config = {"n_rays": 8, "unet_n_depth": 2, "unet_n_filter_base": 4, "net_conv_after_unet": 8} | options
    net = StarDistNet(StarDistConfig(**config)).eval()
    torch.nn.init.constant_(net.dist.conv.bias, 6)
    return StarDistModel(net, prob_thresh=0.5, nms_thresh=0.3)


def onnx_output(model_bytes, image):
    session = onnxruntime.InferenceSession(model_bytes, providers=["CPUExecutionProvider"])
    return session.run(["prob_dist"], {"image": image[None, :, :, None].astype(np.float32)})[0]


@pytest.mark.slow
def test_command_writes_onnx_with_our_maps_at_any_size(tmp_path, capsys):
    model = random_model(grid=(1, 4), unet_batch_norm=True, unet_n_conv_per_depth=1)
    model.save(tmp_path / "model")
    assert main(["export", str(tmp_path / "model"), str(tmp_path / "net.onnx"), "--format", "onnx"]) == 0
    assert "net.onnx" in capsys.readouterr().out
    stored = (tmp_path / "net.onnx").read_bytes()
    onnx.checker.check_model(onnx.load_from_string(stored))
    assert onnx.load_from_string(stored).opset_import[0].version >= 16
    for rows, columns in ((1, 1), (3, 7), (9, 2)):
        size = rows * model.net.config.divisor[0], columns * model.net.config.divisor[1]
        image = np.random.default_rng(0).random(size, np.float32)
        prob, dist = network_maps(model.net, image)
        output = onnx_output(stored, image)
        assert output.shape == (1, *prob.shape, 1 + model.net.config.n_rays)
        assert np.abs(output[0, ..., 0] - prob).max() < 1e-4
        assert np.abs(output[0, ..., 1:] - np.maximum(dist, 1e-3)).max() < 1e-4


@pytest.mark.slow
def test_package_holds_a_test_that_fits(tmp_path):
    model = random_model(unet_batch_norm=True)
    bioimageio.write(model, tmp_path / "my model.zip")
    with zipfile.ZipFile(tmp_path / "my model.zip") as package:
        files = {name: package.read(name) for name in package.namelist()}
    rdf = yaml.safe_load(files["rdf.yaml"])
    sources = [rdf[part][0]["test_tensor"]["source"] for part in ("inputs", "outputs")]
    sources += [rdf["weights"]["onnx"]["source"], rdf["documentation"]["source"]]
    assert set(sources) | {"rdf.yaml"} == set(files)
    image, labels = (np.load(BytesIO(files[name])) for name in sources[:2])
    assert labels.max() > 5
    output = onnx_output(files["weights.onnx"], normalize(image[0, ..., 0]))[0]
    given = rdf["outputs"][0]["postprocessing"][0]["kwargs"]

    from stardist import non_maximum_suppression, polygons_to_label  # what bioimageio.core does

    points, prob, dist = non_maximum_suppression(
        output[..., 1:],
        output[..., 0],
        grid=tuple(given["grid"]),
        prob_thresh=given["prob_threshold"],
        nms_thresh=given["nms_threshold"],
        b=given["b"],
    )
    found = polygons_to_label(dist, points, prob=prob, shape=image.shape[1:3])
    scores = np.append(0, prob)  # the official package leaves the order of equal ones open
    assert found.max() == labels.max() and np.array_equal(scores[found], scores[labels[0, ..., 0]])


@pytest.mark.parametrize("write", [onnx_export.write, bioimageio.write])
def test_nothing_is_overwritten(tmp_path, write):
    (tmp_path / "net.out").write_text("mine")
    with pytest.raises(UserError, match="nothing is overwritten"):
        write(random_model(), tmp_path / "net.out")
    assert (tmp_path / "net.out").read_text() == "mine"


def test_command_refuses_formats_of_datasets_for_models_and_the_other_way(tmp_path, capsys):
    random_model().save(tmp_path / "model")
    assert main(["export", str(tmp_path / "model"), str(tmp_path / "x"), "--format", "coco"]) == 1
    assert "bioimageio, onnx" in capsys.readouterr().err
    assert main(["export", str(tmp_path), str(tmp_path / "x"), "--format", "onnx"]) == 1
    assert "not the folder of a model" in capsys.readouterr().err
