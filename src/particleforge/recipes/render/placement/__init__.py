"""How particles lie, one file each."""
