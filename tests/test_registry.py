"""Kinds are found as files and entry points, imported on request, and parsed and written by pydantic."""

import sys
from importlib.metadata import EntryPoint, EntryPoints
from typing import Annotated

import pytest
from pydantic import Field

from particleforge import registry
from particleforge.errors import UserError
from particleforge.measurement.borders.border import Border
from particleforge.params import Params
from particleforge.registry import Kinds, NameOf, Registry, kind_of

BASE = '''
from particleforge.params import Params
class Fruit(Params):
    """What grows on trees."""
'''
APPLE = '''"""Round fruit.

More about it.
"""
from typing import Literal
from pydantic import Field
from NAME.fruit import Fruit
class Skin(Fruit):
    kind: Literal["skin"] = "skin"
class Apple(Fruit):
    """An apple."""
    kind: Literal["apple"] = "apple"
    size: float = Field(1.0, gt=0, description="Its size.")
'''
PEAR = '"""Longer fruit."""\nfrom NAME.fruit import Fruit\nclass Pear(Fruit):\n    kind: str = "pear"\n'


@pytest.fixture
def package(tmp_path, monkeypatch, request):
    """Name of a new package with two kinds of fruit, a helper, a file that holds no kind, and a kind as a folder."""
    name = f"fruits_{abs(hash(request.node.name))}"
    files = {"__init__": '"""Fruits."""', "fruit": BASE, "apple": APPLE, "pear": PEAR, "_helper": "1 / 0"}
    files |= {"stone/__init__": "", "stone/plum": "'''A folder.'''", "empty/__init__": ""}
    for file, text in files.items():
        path = tmp_path / name / f"{file}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("NAME", name), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


@pytest.fixture
def kinds(package):
    return Kinds(__import__(f"{package}.fruit", fromlist=["Fruit"]).Fruit)


@pytest.fixture
def entry_point(monkeypatch, package):
    """Call that adds an entry point to the group of the package."""
    found = []

    def add(name, value):
        found.append(EntryPoint(name, value, f"particleforge.{package}"))

    monkeypatch.setattr(registry, "_installed", lambda: EntryPoints(found))
    return add


def test_files_are_kinds_helpers_folders_and_the_base_are_not(kinds):
    assert kinds.names() == ["apple", "pear"]
    assert "apple" in kinds
    for other in ("fruit", "_helper", "stone", "plum", None, ["apple"]):
        assert other not in kinds


def test_folders_are_kinds_where_a_module_is_named(package):
    folders = Registry("stone fruit", package, module="plum")
    assert folders.names() == ["stone"]
    assert folders.get("stone").__name__ == f"{package}.stone.plum"
    assert folders.folder("stone").name == "stone"


def test_nothing_is_imported_until_asked_for(package, kinds):
    assert kinds.names() and kinds.summary("apple") == "Round fruit." and kinds.folder("pear").name == package
    assert f"{package}.apple" not in sys.modules
    assert kinds.get("apple").__name__ == "Apple"
    assert f"{package}.apple" in sys.modules and f"{package}.pear" not in sys.modules


def test_a_kind_is_the_class_named_like_its_file(kinds):
    assert {name: cls.__name__ for name, cls in kinds.members().items()} == {"apple": "Apple", "pear": "Pear"}


def test_a_file_without_its_kind_is_refused_with_what_it_needs(package, tmp_path, kinds):
    (tmp_path / package / "fig.py").write_text(f"from {package}.apple import Apple\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds no fruit of the kind 'fig'. It needs a class derived from Fruit"):
        kinds.get("fig")


@pytest.mark.parametrize(("name", "hint"), [("aple", "Did you mean 'apple'"), ("?", "Available: apple, pear")])
def test_unknown_names_are_refused_with_what_there_is(kinds, name, hint):
    with pytest.raises(UserError, match=rf"There is no fruit .*\. {hint}"):
        kinds.get(name)


def test_packages_add_kinds_behind_our_own(package, kinds, entry_point):
    entry_point("cherry", f"{package}.apple:Skin")
    entry_point("apple", f"{package}.pear:Pear")
    assert kinds.names() == ["apple", "pear", "cherry"]
    assert kinds.get("cherry").__name__ == "Skin"
    assert kinds.get("apple").__name__ == "Apple"
    assert kinds.folder("cherry").name == package


def test_an_entry_point_may_be_a_module(package, kinds, entry_point):
    entry_point("skin", f"{package}.apple")
    assert kinds.get("skin").__name__ == "Skin"


@pytest.mark.parametrize("value", ["nowhere.at:All", "NAME.apple:Missing", "NAME._helper"])
def test_a_broken_package_is_named_and_left_out(package, kinds, entry_point, value):
    entry_point("rotten", value.replace("NAME", package))
    with pytest.raises(UserError, match=r"The fruit 'rotten' of the package .* cannot be used"):
        kinds.get("rotten")
    with pytest.warns(RuntimeWarning, match="'rotten'"):
        assert list(kinds.members()) == ["apple", "pear"]
    with pytest.raises(UserError, match="'rotten'"):
        basket(kinds).parse({"fruit": "rotten"})


def basket(kinds):
    class Basket(Params):
        fruit: Annotated[kinds.base, kinds] = Field("apple", description="The first.")
        more: tuple[Annotated[kinds.base, kinds], ...] = Field((), description="Others.")

    return Basket


def test_a_field_takes_data_a_bare_name_or_the_kind_itself(kinds):
    cls, apple = basket(kinds), kinds.get("apple")
    assert cls().fruit == apple()
    for given in (apple(size=2), {"kind": "apple", "size": 2}):
        assert cls(fruit=given).fruit == apple(size=2)
    assert cls(more=["pear", {"kind": "apple"}]).more == (kinds.get("pear")(), apple())


def test_what_is_written_is_read_again(kinds):
    cls = basket(kinds)
    one = cls.parse({"fruit": {"kind": "apple", "size": 3}, "more": ["pear"]})
    assert one.model_dump() == {"fruit": {"kind": "apple", "size": 3.0}, "more": ({"kind": "pear"},)}
    assert cls.parse(one.model_dump(mode="json")) == one


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fruit": {"kind": "apple", "size": -1}}, r"fruit\.apple\.size = -1: .*greater than 0\. size: Its size\."),
        ({"more": [{"kind": "apple", "sise": 1}]}, r"no parameter 'more\.0\.apple\.sise'\. Did you mean 'size'"),
        ({"fruit": "aple"}, r"there is no fruit 'aple'; available: apple, pear"),
        ({"fruit": {"size": 1}}, r"a fruit needs its kind"),
        ({"fruit": 3}, r"fruit = 3: a fruit needs its kind"),
    ],
)
def test_errors_name_the_place_and_the_way_out(kinds, given, message):
    with pytest.raises(UserError, match=message):
        basket(kinds).parse(given)


def test_kinds_are_parsed_without_a_field_around_them(kinds):
    assert kinds.parse("pear") == kinds.get("pear")()
    assert kinds.parse({"kind": "apple", "size": 2}).size == 2
    with pytest.raises(UserError, match="There is no fruit 'None'"):
        kinds.parse({"size": 2})


def test_the_kind_of_a_class_is_its_field_or_its_attribute(kinds):
    class Plain:
        kind = "plain"

    assert kind_of(Plain) == "plain"
    assert kind_of(kinds.get("apple")) == "apple"
    assert kind_of(kinds.base) is None


def test_a_field_may_hold_the_name_of_a_kind():
    class Chosen(Params):
        border: Annotated[str, NameOf(Kinds(Border))] = "drop"

    assert Chosen().border == "drop" and Chosen(border="keep_all").border == "keep_all"
    with pytest.raises(UserError, match=r"there is no border 'dropp'\. Did you mean 'drop'"):
        Chosen.parse({"border": "dropp"})
