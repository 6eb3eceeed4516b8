"""How aggregates are imaged."""
