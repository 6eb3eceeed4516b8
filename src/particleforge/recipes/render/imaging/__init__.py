"""What an instrument adds after the beam has met the particles."""
