"""Tools with which particles are drawn and corrected on the canvas."""
