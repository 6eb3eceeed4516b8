"""Rendered scenes of aggregates that were grown in space."""
