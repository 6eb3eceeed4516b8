"""Classifiers: networks that recognise classes of images or of particles."""
