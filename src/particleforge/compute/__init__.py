"""Process many items, in processes or on machines that may die: one file per kind of executor."""

from particleforge.compute.executor import Executor, Lost, Unavailable, is_picklable
from particleforge.compute.local import Local
from particleforge.compute.workers import Workers

__all__ = ["Executor", "Local", "Lost", "Unavailable", "Workers", "is_picklable"]
