"""StarDist in torch: star-convex instances."""
