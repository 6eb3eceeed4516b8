"""Where a project lies."""

from pathlib import Path

import pytest
from npe2 import PluginManifest

from particleforge.widgets.workspace import PLUGIN, free_name, job_environment, preference, workspace

settings = pytest.importorskip("napari.settings")
get_plugin_settings = getattr(settings, "get_plugin_settings", None)


@pytest.mark.skipif(get_plugin_settings is None, reason="napari below 0.9 keeps no settings of plugins")
def test_the_workspace_of_the_preferences_is_taken(npe2pm, plugin_settings, tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_distribution(PLUGIN)):
        assert workspace() == tmp_path / "ParticleForge"
        get_plugin_settings(PLUGIN).workspace.folder = str(tmp_path / "mine")
        assert workspace() == tmp_path / "mine"


@pytest.mark.skipif(get_plugin_settings is None, reason="napari below 0.9 keeps no settings of plugins")
def test_the_device_of_the_preferences_reaches_jobs(npe2pm, plugin_settings):
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_distribution(PLUGIN)):
        computing = get_plugin_settings(PLUGIN).computing
        assert job_environment() == {} and preference("computing", "tile_px", 0) == 2112
        computing.device = "cpu"
        assert job_environment() == {"PARTICLEFORGE_DEVICE": "cpu"}
        with pytest.raises(ValueError, match="allowed"):
            computing.device = "abacus"


@pytest.mark.skipif(get_plugin_settings is None, reason="napari below 0.9 keeps no settings of plugins")
def test_without_the_plugin_there_is_a_workspace_too(npe2pm, tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    monkeypatch.setattr("napari.settings.get_plugin_settings", _no_plugin)
    assert workspace() == tmp_path / "ParticleForge"
    assert preference("computing", "tile_px", 512) == 512 and job_environment() == {}


def _no_plugin(name):
    raise KeyError(name)


def test_names_are_free(tmp_path):
    assert free_name(tmp_path / "nowhere", "augmented", ".zarr") == "augmented-1"
    (tmp_path / "augmented-1.zarr").mkdir()
    (tmp_path / "augmented-2").mkdir()
    assert free_name(Path(tmp_path), "augmented", ".zarr") == "augmented-2"
