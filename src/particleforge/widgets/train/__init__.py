"""How a training is going: its losses, and what it finds so far."""
