import pytest

from particleforge.recipes.render.engine.engine import Engine


@pytest.fixture(scope="session")
def engine():
    return Engine("scalar", 1)
