"""Run what README and tutorial tell people to type."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from particleforge.cli import main
from particleforge.workflows.demo import SPHERES

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/tutorial.md", "docs/evaluation.md", "docs/quality.md", "docs/grains.md")
FILE = re.compile(r"# (\w+\.yaml)\n")
"""First line of a block that is a file of this name."""
# Budgets are cut in the text itself: every `--minutes N`, `minutes=N` and `minutes: N` becomes these.
QUICK = {
    r"learn (.*) --minutes \d+": r"learn \1 --minutes 0.02 --synthetic-per-image 4",
    r"--minutes [1-9]\d*": "--minutes 0.02",
    r"minutes=\d+": "minutes=0.02, synthetic_per_image=4",
    r"--count \d+": "--count 4",
    r"--images \d+": "--images 2",
    r"minutes: \d+": "minutes: 0.02, training: {least_steps: 1}",
    r"seeds: \d+": "seeds: 1",
}


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of the code blocks of a page that can be run."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"^( *)```(python|bash|yaml)\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    plain = [(kind, re.sub(rf"^{indent}", "", code, flags=re.MULTILINE)) for indent, kind, code in found]
    runs = {"python": lambda _: True, "bash": lambda code: code.startswith("particleforge "), "yaml": FILE.match}
    return [(kind, code) for kind, code in plain if runs[kind](code)]


def quick(code: str) -> str:
    for pattern, short in QUICK.items():
        code = re.sub(pattern, short, code)
    return code


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SPHERES, tmp_path / "sample_data" / "spheres")
    shutil.copytree(SPHERES / "annotated", tmp_path / "particles")
    shutil.copytree(SPHERES / "more" / "images", tmp_path / "micrographs")
    names: dict[str, object] = {}
    ran = set()

    for kind, code in blocks(page):
        if kind == "python":
            exec(compile(quick(code), page, "exec"), names)
        for line in quick(code).splitlines() if kind == "bash" else ():
            program, *words = shlex.split(line)
            assert program == "particleforge", line
            assert main(words) == 0, capsys.readouterr().err
        if kind == "yaml":
            Path(FILE.match(code)[1]).write_text(quick(code))
        ran.add(kind)

    assert ran >= {"python", "bash"}
