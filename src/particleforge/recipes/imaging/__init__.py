"""What the microscope adds, one file per effect."""
