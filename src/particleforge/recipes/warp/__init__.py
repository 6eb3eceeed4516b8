"""Deform annotated micrographs, image and labels together."""
