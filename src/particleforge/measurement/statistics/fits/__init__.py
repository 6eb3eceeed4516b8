"""Distributions fitted to sizes by number: one file each; `ranking` orders them."""
