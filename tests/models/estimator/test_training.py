from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from particleforge.errors import UserError
from particleforge.models.estimator.data import Pictures
from particleforge.models.estimator.model import Estimator
from particleforge.models.estimator.training import hints, train_on
from particleforge.step import run

SHARE = [{"kind": "share", "parameter": "disc", "low": 2.0, "high": 8.0}]
RECIPE = {"kind": "test", "disc": {"kind": "uniform", "low": 2.0, "high": 8.0}}


def weights(model):
    return [
        {name: tensor.clone() for name, tensor in net.state_dict().items()}
        for part in model.parts
        for net in part.nets.values()
    ]


def assert_same(one, other):
    assert len(one) == len(other)
    for mine, its in zip(one, other, strict=True):
        assert mine.keys() == its.keys()
        assert all(torch.equal(mine[name], its[name]) for name in mine)


@pytest.fixture(scope="module")
def trained(discs, params, tmp_path_factory):
    out = tmp_path_factory.mktemp("model")
    return run(train_on(discs, RECIPE, out, params(steps=150))), out


def test_a_plain_parameter_is_learned(trained, make_disc):
    model, _ = trained
    part = model.parts[0]
    assert part.limits == (2, 8)
    assert part.held_out["per_image"] < 0.4 * part.held_out["of_the_mean"]
    rng = np.random.default_rng(99)
    radii = [2.5, 4.0, 5.5, 7.5]
    found = [model.estimate([make_disc(radius, rng).micrograph])[0].value for radius in radii]
    assert np.abs(np.subtract(found, radii)).mean() < 0.7
    assert found == sorted(found)


def test_several_images_are_told_by_their_mean(trained, make_disc):
    model, _ = trained
    rng = np.random.default_rng(1)
    shown = [make_disc(radius, rng).micrograph for radius in (3.0, 4.0, 6.0)]
    together = model.estimate(shown)[0]
    each = [model.estimate([one])[0] for one in shown]
    assert together.per_image == pytest.approx([one.value for one in each], abs=1e-5)
    assert together.value == pytest.approx(together.per_image.mean())
    assert together.spread == pytest.approx(together.per_image.std(ddof=1))
    assert together.standard_error == pytest.approx(together.spread / np.sqrt(3))
    assert each[0].spread is each[0].standard_error is None
    backwards = model.estimate(shown[::-1])[0]
    assert backwards.value == pytest.approx(together.value, abs=1e-6)
    assert backwards.per_image == pytest.approx(together.per_image[::-1], abs=1e-6)


def test_what_is_saved_is_what_is_loaded(trained, discs):
    model, out = trained
    loaded = Estimator.load(out)
    assert_same(weights(model), weights(loaded))
    assert loaded.preparation == model.preparation
    assert (loaded.recipe, loaded.provenance) == (model.recipe, model.provenance)
    assert dict(loaded.parts[0].held_out) == model.parts[0].held_out
    shown = [one.micrograph for one in discs[:20]]
    assert np.array_equal(model.estimate(shown)[0].per_image, loaded.estimate(shown)[0].per_image)
    assert not list(out.glob("*.pt"))


@pytest.mark.parametrize("stops", [(3,), (5, 9)])
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(discs, params, tmp_path, stops):
    settings = params()
    (tmp_path / "at_once").mkdir()
    (tmp_path / "in_parts").mkdir()
    whole = run(train_on(discs, RECIPE, tmp_path / "at_once", settings))
    for stop in stops:
        step = train_on(discs, RECIPE, tmp_path / "in_parts", settings)
        for progress in step:
            if f"step {stop}," in progress.message:
                break
        step.close()
        assert len(list((tmp_path / "in_parts").glob("*.pt"))) == 1
    resumed = run(train_on(discs, RECIPE, tmp_path / "in_parts", settings))
    assert_same(weights(whole), weights(resumed))
    assert whole.parts[0].held_out == resumed.parts[0].held_out
    logs = [pd.read_csv(tmp_path / name / "0_value.csv").drop(columns="seconds") for name in ("at_once", "in_parts")]
    assert logs[0]["step"].tolist() == [4, 8, 12]
    pd.testing.assert_frame_equal(*logs)


def test_networks_that_are_done_are_not_trained_again(discs, params, tmp_path):
    step = train_on(discs, RECIPE, tmp_path, params(targets=SHARE))
    for progress in step:
        if "0_ends: step 2," in progress.message:
            break
    step.close()
    before = (tmp_path / "0_value.npz").read_bytes()
    messages = []
    run(train_on(discs, RECIPE, tmp_path, params(targets=SHARE)), lambda progress: messages.append(progress.message))
    assert (tmp_path / "0_value.npz").read_bytes() == before
    assert not any("0_value" in message for message in messages)
    assert any("0_ends: step 3," in message for message in messages)


def test_networks_start_with_the_features_of_the_one_that_learns_hints(discs, params, tmp_path):
    targets = [{"kind": "regression", "parameter": name} for name in ("disc", "other")]
    samples = [replace(one, recipe=one.recipe | {"other": -one.recipe["disc"]}) for one in discs]
    for names in ((), ("truth.seen",)):
        out = tmp_path / "_".join(("with", *names))
        out.mkdir()
        settings = params(targets=targets, steps=1, learning_rate=1e-9, hints=names)
        first, second = weights(run(train_on(samples, {}, out, settings)))
        assert torch.allclose(first["features.0.weight"], second["features.0.weight"], atol=1e-6) == bool(names)
        assert not torch.allclose(first["head.0.weight"], second["head.0.weight"], atol=1e-6)
        assert (out / "hints.csv").exists() == bool(names)
        assert not (out / "hints.npz").exists()


def test_a_training_goes_on_behind_its_hints(discs, params, tmp_path):
    settings = params(hints=["truth.seen"])
    for name in ("at_once", "in_parts"):
        (tmp_path / name).mkdir()
    whole = run(train_on(discs, RECIPE, tmp_path / "at_once", settings))
    step = train_on(discs, RECIPE, tmp_path / "in_parts", settings)
    for progress in step:
        if "0_value: step 5," in progress.message:
            break
    step.close()
    messages = []
    resumed = run(
        train_on(discs, RECIPE, tmp_path / "in_parts", settings), lambda progress: messages.append(progress.message)
    )
    assert_same(weights(whole), weights(resumed))
    assert not any(message.startswith("hints") for message in messages)


def test_hints_are_ranks_and_may_be_missing(discs):
    values = np.array([3.0, 1.0, 2.0, 2.0, 9.0])
    pictures = Pictures(np.zeros((5, 4, 4), np.uint8), (values,), (values,), np.arange(5), np.full((5, 1), np.nan))
    task = hints(pictures, (np.arange(4), np.array([4])))
    assert task.goals[:, 0].tolist() == [0.875, 0.125, 0.5, 0.5, 1.0]  # by those learned from only
    assert np.isnan(task.goals[:, 1]).all()
    logits = torch.zeros(5, 2, requires_grad=True)
    loss = task.loss(logits, torch.from_numpy(task.goals))
    assert float(loss.detach()) == pytest.approx(np.mean((task.goals[:, 0] - 0.5) ** 2))
    loss.backward()
    assert not logits.grad[:, 1].any()


def test_hints_nobody_has_are_refused(discs, params, tmp_path):
    with pytest.raises(UserError, match="columns seen, of"):
        run(train_on(discs, RECIPE, tmp_path, params(hints=["truth.size"])))


def test_it_can_be_trained_in_16_bits(discs, params, tmp_path):
    held_out = run(train_on(discs, RECIPE, tmp_path, params(steps=150, half=True))).parts[0].held_out
    assert held_out["per_image"] < 0.4 * held_out["of_the_mean"]


@pytest.mark.parametrize("join", ["mean", "concatenate"])
def test_what_only_several_images_show_is_learned(make_disc, params, tmp_path, join):
    rng = np.random.default_rng(0)
    samples = []
    for spread in np.linspace(0, 3, 16):
        for sign in [-1, 1] * 6:
            sample = make_disc(4.5 + sign * spread, rng)
            samples.append(replace(sample, recipe={"disc": {"spread": float(spread)}}))
    targets = [{"kind": "batch", "parameter": "disc.spread", "at_once": 6, "join": join}]
    model = run(train_on(samples, {}, tmp_path, params(targets=targets, steps=120, batch_size=36, held_out=0.25)))
    held_out = model.parts[0].held_out
    assert held_out["together"] < 0.6 * held_out["of_the_mean"]
    assert model.estimate([one.micrograph for one in samples[:3]])[0].per_image is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"targets": []}, "No parameter is named"),
        ({"targets": [{"kind": "regression", "parameter": "dics"}]}, "Did you mean disc"),
        ({"targets": [{"kind": "batch", "parameter": "disc"}]}, "kind batches"),
        ({"targets": [{"kind": "share", "parameter": "disc"}]}, "kind regression"),
        ({"steps": None}, "Neither minutes nor steps"),
        ({"prepare": {"pool": 8}}, "2 poolings need at least 4 px"),
        ({"learning_rate": 1.0, "steps": 40}, None),
    ],
)
def test_what_cannot_be_learned_is_refused(discs, params, tmp_path, changes, says):
    step = train_on(discs, RECIPE, tmp_path, params(**changes))
    if says is None:
        run(step)  # a large rate alone is no error
        return
    with pytest.raises(UserError) as found:
        run(step)
    assert says in str(found.value)


def test_few_samples_are_refused(discs, params, tmp_path):
    with pytest.raises(UserError, match="There are 3 samples"):
        run(train_on(discs[:3], RECIPE, tmp_path, params()))
    with pytest.raises(UserError, match="no sample"):
        run(train_on([], RECIPE, tmp_path, params()))


def test_a_finished_model_is_not_overwritten(trained, discs, params):
    with pytest.raises(UserError, match="holds a finished estimator"):
        run(train_on(discs, RECIPE, trained[1], params()))


def test_broken_folders_are_named(trained, tmp_path):
    model, _ = trained
    with pytest.raises(UserError, match="holds no estimator"):
        Estimator.load(tmp_path)
    model.save(tmp_path)
    whole = (tmp_path / "0_value.npz").read_bytes()
    for broken in (b"", b"nothing", whole[: len(whole) // 2], whole[:200] + b"?" + whole[201:]):
        (tmp_path / "0_value.npz").write_bytes(broken)
        with pytest.raises(UserError, match=r"0_value\.npz is broken"):
            Estimator.load(tmp_path)
    (tmp_path / "0_value.npz").unlink()
    with pytest.raises(UserError, match="is missing"):
        Estimator.load(tmp_path)
    np.savez(tmp_path / "0_value.npz", other=np.zeros(3))
    with pytest.raises(UserError, match="does not fit"):
        Estimator.load(tmp_path)


def test_a_broken_checkpoint_is_named(discs, params, tmp_path):
    (tmp_path / "0_value.checkpoint.pt").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"0_value\.checkpoint\.pt is broken"):
        run(train_on(discs, RECIPE, tmp_path, params()))


def test_no_image_no_estimate(trained):
    with pytest.raises(UserError, match="no image"):
        trained[0].estimate([])
