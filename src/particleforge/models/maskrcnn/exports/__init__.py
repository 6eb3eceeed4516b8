"""Formats in which a Mask R-CNN can be written for other programs."""
