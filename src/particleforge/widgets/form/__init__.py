"""Forms drawn from parameter classes."""

from particleforge.widgets.form.form import ParamsForm

__all__ = ["ParamsForm"]
