"""Effects of the microscope, one file each."""
