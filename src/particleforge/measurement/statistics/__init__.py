"""Size distributions: figures, their uncertainty, fits, comparison."""
