"""What a sample may be asked for beside its arrays: one file per kind of target."""
