"""What particles are pasted onto, one file per kind."""
