"""Sphinx settings; ``make docs`` builds the pages."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from bias import write_bias  # noqa: E402
from reference import write_all  # noqa: E402

write_all(HERE / "_generated")
write_bias(HERE / "_generated")

project = "ParticleForge"
author = "The ParticleForge developers"
release = version_of("napari-particleforge")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_generated"]
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_attr_annotations = False
html_theme = "furo"
html_title = "ParticleForge"
