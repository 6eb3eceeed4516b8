"""The panel that measures particles."""
