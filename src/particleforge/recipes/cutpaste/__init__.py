"""Cut annotated particles out and paste them onto new canvases."""
