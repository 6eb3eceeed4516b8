"""The bench: one dock over a project, from micrographs to size distributions."""
