"""Networks that estimate parameters of a recipe from images."""
