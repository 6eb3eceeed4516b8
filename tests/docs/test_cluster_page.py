"""Run the examples of the page on clusters: the job of SLURM with two workers on this machine in place of nodes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tifffile

from particleforge import draw
from particleforge.recipes.shapes.recipe import Shapes

PAGE = (Path(__file__).parents[2] / "docs/cluster.md").read_text(encoding="utf-8")
TWO_TASKS = '#!/bin/bash\n"$@" &\n"$@" &\nwait\n'


@pytest.fixture
def images(tmp_path):
    (tmp_path / "images").mkdir()
    for number, sample in enumerate(draw(Shapes(height_px=96, width_px=96), 3)):
        tifffile.imwrite(tmp_path / f"images/{number}.tif", sample.micrograph.pixels)


def run(words, folder, **variables):
    path = f"{folder / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {**os.environ, "PATH": path, "HOME": str(folder), **variables}
    subprocess.run(words, cwd=folder, env=given, check=True, timeout=240, stdin=subprocess.DEVNULL)


@pytest.mark.skipif(sys.platform == "win32", reason="a script of bash")
@pytest.mark.usefixtures("images")
def test_the_job_of_slurm_measures_all_images(tmp_path):
    (script,) = re.findall(r"^```bash\n(#!/bin/bash\n.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    (tmp_path / "job.sh").write_text(script)
    for name, text in {"bin/srun": TWO_TASKS, "particleforge/bin/activate": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "bin/srun").chmod(0o755)
    run(["bash", "job.sh"], tmp_path, SLURM_JOB_ID=str(os.getpid()))
    assert len(list((tmp_path / "results/labels").glob("*.tif"))) == 3


@pytest.mark.usefixtures("images")
def test_the_example_of_dask_measures_all_images(tmp_path):
    (script,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    (tmp_path / "example.py").write_text(script)
    run([sys.executable, "example.py"], tmp_path)
    assert len(list((tmp_path / "results-of-dask/labels").glob("*.tif"))) == 3
