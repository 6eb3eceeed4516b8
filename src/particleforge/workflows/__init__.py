"""A few named compositions of the steps."""
