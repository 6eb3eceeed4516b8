"""How aggregates grow."""
