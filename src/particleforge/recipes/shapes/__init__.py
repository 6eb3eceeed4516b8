"""Domain-randomised particles drawn without a renderer."""
