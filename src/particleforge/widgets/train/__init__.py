"""The panel that trains a detector."""
