"""What can be known about a sample besides its arrays: one file per kind of target."""
