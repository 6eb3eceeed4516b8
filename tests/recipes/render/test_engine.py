import gc
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from particleforge.errors import UserError
from particleforge.recipes.render.engine import engine as engines
from particleforge.recipes.render.engine.engine import Engine
from particleforge.recipes.render.engine.view import Request, Surface
from particleforge.recipes.render.mesh import sphere
from particleforge.recipes.render.recipe import Render
from particleforge.recipes.synthesize import draw_dataset

SKY = {"type": "constant", "radiance": 0.5}


def request(bsdf=None, seed=0):
    mesh = sphere(2).scaled(6).moved((8, 8, 0))
    surface = Surface(mesh, np.full(len(mesh.faces), 3, np.uint32), bsdf or {"type": "diffuse"})
    return Request([surface], (16, 16), [SKY], {"type": "path", "max_depth": 2}, 4, seed)


@pytest.mark.slow
def test_importing_recipes_or_rendering_does_not_import_mitsuba():
    code = "import sys, particleforge.recipes.any, particleforge.recipes.render.engine.child; print(*sys.modules)"
    assert "mitsuba" not in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()


def test_an_engine_renders_the_same_again(engine):
    one, again, other = (engine.render(request(seed=seed)) for seed in (1, 1, 2))
    assert one.variant == "scalar_rgb"
    assert one.labels[8, 8] == 3
    np.testing.assert_array_equal(one.radiance, again.radiance)
    assert (one.radiance != other.radiance).any()
    assert one.radiance[0, 0] == 0.5


def test_a_pickled_engine_starts_anew_but_tries_nothing_again(engine, monkeypatch):
    engine.render(request())
    copy = pickle.loads(pickle.dumps(engine))
    monkeypatch.setattr(engines, "_works", lambda variant: False)
    assert copy.variants == ["scalar_rgb"]
    assert copy._child is None


def test_a_variant_that_does_not_run_here_is_refused_before_anything_is_written(monkeypatch, tmp_path):
    monkeypatch.setattr(engines, "_works", lambda variant: False)
    for choice, needs in (("cuda", "NVIDIA GPU"), ("llvm", "DRJIT_LIBLLVM_PATH")):
        with pytest.raises(UserError, match=f"does not run on this machine with variant {choice}.*{needs}"):
            draw_dataset(Render(variant=choice), [], tmp_path / "new.zarr")
    assert not (tmp_path / "new.zarr").exists()


def test_a_child_that_is_killed_is_replaced(engine):
    first = engine.render(request())
    os.kill(engine._child._process.pid, signal.SIGKILL)
    with pytest.warns(RuntimeWarning, match=r"Rendered again with scalar_rgb: scalar_rgb ended with -9"):
        second = engine.render(request())
    np.testing.assert_array_equal(first.radiance, second.radiance)


@pytest.mark.parametrize("level", [2, 4])
def test_nothing_is_said_of_what_a_dead_child_has_not_read(engine, capfd, level):
    mesh = sphere(level).scaled(6).moved((8, 8, 0))
    asked = replace(request(), surfaces=[Surface(mesh, np.full(len(mesh.faces), 3, np.uint32), {"type": "diffuse"})])
    engine.render(asked)
    os.kill(engine._child._process.pid, signal.SIGKILL)
    engine._child._process.wait()
    with pytest.warns(RuntimeWarning, match=r"Rendered again with scalar_rgb: scalar_rgb ended with -9"):
        assert engine.render(asked).labels[8, 8] == 3
    gc.collect()
    assert "Error" not in capfd.readouterr().err


def test_a_variant_that_crashes_gives_way_to_the_next(monkeypatch, engine):
    monkeypatch.setitem(engine.__dict__, "variants", ["no_such_variant", "scalar_rgb"])
    with pytest.warns(RuntimeWarning, match=r"Rendered again with scalar_rgb: no_such_variant ended with 1"):
        assert engine.render(request()).labels[8, 8] == 3


def test_variants_are_tried_once_per_machine(monkeypatch, tmp_path):
    tried = []
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    monkeypatch.setattr(engines, "_works", lambda variant: tried.append(variant) or variant != "cuda_ad_rgb")
    assert Engine().variants == ["llvm_ad_rgb", "scalar_rgb"]
    assert Engine().variants == ["llvm_ad_rgb", "scalar_rgb"]
    assert tried == ["cuda_ad_rgb", "llvm_ad_rgb", "scalar_rgb"]
    monkeypatch.setenv("DRJIT_LIBLLVM_PATH", "/another")
    monkeypatch.setattr(engines, "_works", lambda variant: False)
    with pytest.raises(UserError, match="Mitsuba does not run on this machine with variant auto"):
        _ = Engine().variants


def test_plain_data_mitsuba_does_not_know_is_named(engine):
    with pytest.raises(UserError, match=r"cannot render this scene.*plasterboard"):
        engine.render(request({"type": "plasterboard"}))
    assert engine.render(request()).labels[8, 8] == 3
