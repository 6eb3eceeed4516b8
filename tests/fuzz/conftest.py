import pytest

from fuzz.serve import Server


@pytest.fixture(scope="module")
def server():
    """Runs commands, each in a process of its own."""
    one = Server()
    yield one
    one.close()
