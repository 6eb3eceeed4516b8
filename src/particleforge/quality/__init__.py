"""Quality of results compared with the truth: matching and metrics."""
