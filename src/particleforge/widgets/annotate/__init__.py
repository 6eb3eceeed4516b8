"""Annotate panel: from an image layer to an annotated micrograph on disk."""

from particleforge.widgets.annotate.panel import AnnotatePanel

__all__ = ["AnnotatePanel"]
