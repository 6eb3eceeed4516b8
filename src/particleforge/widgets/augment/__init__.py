"""The panel that draws synthetic samples from annotated ones."""
