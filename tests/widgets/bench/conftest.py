"""What tests of the bench work on."""

import shutil
from pathlib import Path

import pytest

import particleforge

SPHERES = Path(particleforge.__file__).parent / "sample_data" / "spheres" / "more"
"""Micrographs of 1.2 nm per pixel, with the true outlines of their particles."""


@pytest.fixture
def gold(tmp_path, monkeypatch):
    """A folder of three micrographs, and a workspace that is empty."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    shutil.copytree(SPHERES / "images", tmp_path / "gold")
    return tmp_path / "gold"


@pytest.fixture
def spheres():
    """The bundled folder that they are from."""
    return SPHERES
