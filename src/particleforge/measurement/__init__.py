"""From label images to particle tables, size distributions and figures."""
