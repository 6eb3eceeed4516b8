"""How particles look inside their outline, one file per kind."""
