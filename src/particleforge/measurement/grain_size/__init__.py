"""ASTM grain size of labels that are grains."""
