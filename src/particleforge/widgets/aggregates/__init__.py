"""The aggregates panel."""
