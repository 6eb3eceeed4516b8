"""The README as package indexes and the napari hub show it."""

import re
import tomllib
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def published():
    """The text with the substitutions that are made when the package is built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    hook = project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = (ROOT / "README.md").read_text("utf-8")
    for change in hook["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    return text


def test_every_link_has_an_address_and_leads_to_a_file(published):
    before = LINK.findall((ROOT / "README.md").read_text("utf-8"))
    after = LINK.findall(published)
    assert len(before) == len(after) and any(is_picture for is_picture, _ in before)
    for (is_picture, path), (_, address) in zip(before, after, strict=True):
        if path.startswith(("https:", "#")):
            assert address == path
            continue
        assert (ROOT / path.partition("#")[0]).is_file()
        end = f"/blob/main/{path}" + ("?raw=true" if is_picture else "")
        assert address.startswith("https://") and address.endswith(end)


def test_the_icon_is_as_the_hub_needs_it():
    with Image.open(ROOT / "src/particleforge/icon.png") as icon:
        assert icon.width == icon.height >= 128
