"""Files and folders: the only place that reads and writes them."""
